package io.latchkey.wire;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.SocketTimeoutException;
import java.nio.channels.SocketChannel;
import java.security.NoSuchAlgorithmException;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.SSLSocketFactory;

/** A connection under TLS, with the upstream's name verified against its certificate. */
final class TlsTransport implements Transport {
    private static final int PROBE_MILLIS = 1;

    private final SocketChannel channel;
    private final WatchedSocket below;
    private final SSLSocket socket;
    private final InputStream in;
    private final OutputStream out;

    TlsTransport(SocketChannel channel, Endpoint endpoint) throws IOException {
        this.channel = channel;
        SSLSocketFactory factory = factory();
        this.below = new WatchedSocket(channel);
        this.socket = (SSLSocket) factory.createSocket(below, endpoint.host(), endpoint.port(), /* autoClose= */ true);
        SSLParameters parameters = socket.getSSLParameters();
        parameters.setEndpointIdentificationAlgorithm("HTTPS");
        parameters.setApplicationProtocols(new String[] {"http/1.1"});
        socket.setSSLParameters(parameters);
        this.in = socket.getInputStream();
        this.out = socket.getOutputStream();
    }

    /** Asked for with each connection and not before: the first makes it read the machine's certificates. */
    private static SSLSocketFactory factory() throws IOException {
        try {
            return SSLContext.getDefault().getSocketFactory();
        } catch (NoSuchAlgorithmException e) {
            throw new IOException(e);
        }
    }

    void shakeHands() throws IOException {
        socket.startHandshake();
    }

    @Override
    public int read(byte[] into, int offset, int length) throws IOException {
        int read = in.read(into, offset, length);
        if (read < 0 && below.hasEnded()) {
            // Anybody on the way could have ended it there.
            throw new IOException("the connection ended, and TLS had not said that it would");
        }
        return read;
    }

    @Override
    public void write(byte[] from, int offset, int length) throws IOException {
        out.write(from, offset, length);
    }

    @Override
    public boolean hasSomethingOrEnded() {
        try {
            socket.setSoTimeout(PROBE_MILLIS);
            int unused = in.read();
            return true;
        } catch (SocketTimeoutException e) {
            return !isBlockingAgain();
        } catch (IOException e) {
            return true;
        }
    }

    private boolean isBlockingAgain() {
        try {
            socket.setSoTimeout(0);
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    // Not through the TLS socket: saying goodbye could block, and an abort is meant.
    @Override
    public void reset() {
        PlainTransport.reset(channel);
    }

    @Override
    public void close() {
        PlainTransport.close(channel);
    }
}
