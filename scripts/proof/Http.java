import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** One kept connection to one node; small enough that what is measured is the gateway. For one thread at a time. */
final class Http implements AutoCloseable {
    private static final int PATIENCE_MILLIS = 15_000;
    /** Well before the gateway ends a connection that nobody uses: who sends at that very moment is not answered. */
    private static final long REUSED_NANOS = 10_000_000_000L;

    final int port;
    private Socket socket;
    private InputStream in;
    private long usedAt;

    Http(int port) {
        this.port = port;
    }

    /** Status 0 is no answer; its body says why. */
    record Answer(int status, String body, int port, double sent) {
        /** A field of the JSON body, whatever its depth; the first of that name. Empty when it is not there. */
        String get(String name) {
            Matcher found = Pattern.compile("\"" + name + "\":(?:\"([^\"]*)\"|([^,}\\]]*))").matcher(body);
            return !found.find() ? "" : found.group(1) == null ? found.group(2) : found.group(1);
        }
    }

    /** What came, were it nothing. */
    Answer ask(String method, String path, String body, String... fields) {
        double sent = Trial.now();
        try {
            return send(method, path, body, fields);
        } catch (IOException e) {
            return new Answer(0, String.valueOf(e), port, sent);
        }
    }

    Answer send(String method, String path, String body, String... fields) throws IOException {
        try {
            return exchange(method, path, body, fields);
        } catch (IOException e) {
            close();
            throw e;
        } catch (RuntimeException e) {
            close();
            throw new IOException("what came is no HTTP", e);
        }
    }

    private Answer exchange(String method, String path, String body, String... fields) throws IOException {
        double sent = Trial.now();
        if (System.nanoTime() - usedAt > REUSED_NANOS) {
            close();
        }
        if (socket == null) {
            socket = new Socket();
            socket.setTcpNoDelay(true);
            socket.setSoTimeout(PATIENCE_MILLIS);
            socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), PATIENCE_MILLIS);
            in = new BufferedInputStream(socket.getInputStream());
        }
        StringBuilder head = new StringBuilder(256)
                .append(method).append(' ').append(path).append(" HTTP/1.1\r\nHost: 127.0.0.1\r\n");
        for (int i = 0; i < fields.length; i += 2) {
            head.append(fields[i]).append(": ").append(fields[i + 1]).append("\r\n");
        }
        if (!body.isEmpty()) {
            head.append("Content-Type: application/json\r\n");
        }
        head.append("Content-Length: ").append(body.length()).append("\r\n\r\n").append(body);
        socket.getOutputStream().write(head.toString().getBytes(StandardCharsets.UTF_8));
        String line = line();
        int status = Integer.parseInt(line.substring(9, 12));
        int length = 0;
        boolean chunked = false;
        boolean last = false;
        for (line = line(); !line.isEmpty(); line = line()) {
            String field = line.toLowerCase(Locale.ROOT);
            if (field.startsWith("content-length:")) {
                length = Integer.parseInt(field.substring(15).strip());
            }
            chunked |= field.equals("transfer-encoding: chunked");
            last |= field.equals("connection: close");
        }
        String content = chunked ? chunks() : text(length);
        if (last) {
            close();
        }
        usedAt = System.nanoTime();
        return new Answer(status, content, port, sent);
    }

    private String chunks() throws IOException {
        StringBuilder body = new StringBuilder();
        for (int length = Integer.parseInt(line(), 16); length > 0; length = Integer.parseInt(line(), 16)) {
            body.append(text(length));
            line();
        }
        line();
        return body.toString();
    }

    private String text(int length) throws IOException {
        byte[] bytes = in.readNBytes(length);
        if (bytes.length < length) {
            throw new EOFException();
        }
        return new String(bytes, StandardCharsets.UTF_8);
    }

    private String line() throws IOException {
        StringBuilder line = new StringBuilder(64);
        for (int c = in.read(); c != '\n'; c = in.read()) {
            if (c < 0) {
                throw new EOFException();
            }
            if (c != '\r') {
                line.append((char) c);
            }
        }
        return line.toString();
    }

    @Override
    public void close() {
        if (socket != null) {
            try {
                socket.close();
            } catch (IOException e) {
                // It is of no use any more, closed or not.
            }
            socket = null;
        }
    }
}
