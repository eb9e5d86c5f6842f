package io.latchkey.upstreams;

import io.latchkey.routes.Route;
import io.latchkey.wire.Endpoint;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.SSLSocketFactory;

/** One health check: a GET on a connection of its own, of whose answer only the status counts. */
final class HealthProbe {
    private static final int LONGEST_STATUS_LINE = 1024;
    private static final int MOST_READ = 64 * 1024;
    private static final long DRAIN_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

    private final Endpoint endpoint;
    private final String authority;
    private final Route.HealthCheck check;

    HealthProbe(Endpoint endpoint, String authority, Route.HealthCheck check) {
        this.endpoint = endpoint;
        this.authority = authority;
        this.check = check;
    }

    /** Whether a 2xx status came in time. */
    boolean passes() {
        long deadline = System.nanoTime() + check.timeout().toNanos();
        try (Socket plain = connected(deadline)) {
            plain.setSoTimeout(left(deadline));
            if (!endpoint.secure()) {
                return ask(plain, deadline);
            }
            try (SSLSocket secure = (SSLSocket) ((SSLSocketFactory) SSLSocketFactory.getDefault())
                    .createSocket(plain, endpoint.host(), endpoint.port(), false)) {
                SSLParameters parameters = secure.getSSLParameters();
                parameters.setEndpointIdentificationAlgorithm("HTTPS");
                secure.setSSLParameters(parameters);
                return ask(secure, deadline);
            }
        } catch (IOException e) {
            return false;
        }
    }

    /** As requests do it: the name is looked up anew each time, and each of its addresses is tried. */
    private Socket connected(long deadline) throws IOException {
        IOException last = new UnknownHostException(endpoint.host());
        for (InetAddress address : endpoint.addresses(deadline)) {
            Socket socket = new Socket();
            try {
                socket.connect(new InetSocketAddress(address, endpoint.port()), left(deadline));
                return socket;
            } catch (IOException e) {
                socket.close();
                last = e;
            }
        }
        throw last;
    }

    private boolean ask(Socket socket, long deadline) throws IOException {
        String request = "GET " + check.path() + " HTTP/1.1\r\nHost: " + authority
                + "\r\nUser-Agent: latchkey-health\r\nAccept: */*\r\nConnection: close\r\n\r\n";
        socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
        String status = statusLine(socket, deadline);
        // Not for longer: not every server closes when it is asked to.
        drain(socket, Math.min(deadline, System.nanoTime() + DRAIN_NANOS));
        return status.matches("HTTP/1\\.[01] 2[0-9][0-9]( .*)?");
    }

    private static String statusLine(Socket socket, long deadline) throws IOException {
        InputStream in = socket.getInputStream();
        StringBuilder line = new StringBuilder();
        while (line.length() < LONGEST_STATUS_LINE) {
            // For each byte anew: a server that drips must not hold the check.
            socket.setSoTimeout(left(deadline));
            int next = in.read();
            if (next < 0 || next == '\n') {
                break;
            }
            if (next != '\r') {
                line.append((char) next);
            }
        }
        return line.toString();
    }

    /** Closed with the answer unread, the connection would be reset, and the server would log that as an error. */
    private static void drain(Socket socket, long deadline) {
        try {
            InputStream in = socket.getInputStream();
            byte[] buffer = new byte[8 * 1024];
            for (int read = 0, n = 0; n >= 0 && read < MOST_READ; read += n) {
                socket.setSoTimeout(left(deadline));
                n = in.read(buffer);
            }
        } catch (IOException e) {
            // The status was what counts.
        }
    }

    private static int left(long deadline) throws SocketTimeoutException {
        long millis = TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
        if (millis <= 0) {
            throw new SocketTimeoutException("too late");
        }
        return (int) millis;
    }
}
