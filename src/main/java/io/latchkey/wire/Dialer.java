package io.latchkey.wire;

import io.latchkey.wire.WireFailure.Kind;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketTimeoutException;
import java.net.StandardSocketOptions;
import java.net.UnknownHostException;
import java.nio.channels.SocketChannel;
import java.util.concurrent.TimeUnit;

/** Makes connections; the name is resolved anew for each, so that a change of DNS is followed. */
final class Dialer {
    /** Connected, but under TLS without the handshake. */
    Transport dial(Endpoint endpoint, long by) throws WireFailure {
        try {
            SocketChannel channel = connect(endpoint, by);
            try {
                return endpoint.secure() ? new TlsTransport(channel, endpoint) : new PlainTransport(channel);
            } catch (IOException e) {
                PlainTransport.reset(channel);
                throw e;
            }
        } catch (SocketTimeoutException e) {
            throw new WireFailure(Kind.CONNECT_TIMEOUT, "no connection in time", e);
        } catch (IOException e) {
            throw new WireFailure(Kind.UNREACHABLE, "no connection", e);
        }
    }

    private static SocketChannel connect(Endpoint endpoint, long by) throws IOException {
        IOException last = new UnknownHostException(endpoint.host());
        for (InetAddress address : endpoint.addresses(by)) {
            try {
                return connect(new InetSocketAddress(address, endpoint.port()), by);
            } catch (SocketTimeoutException e) {
                throw e;
            } catch (IOException e) {
                last = e;
            }
        }
        throw last;
    }

    private static SocketChannel connect(InetSocketAddress address, long by) throws IOException {
        long millis = TimeUnit.NANOSECONDS.toMillis(by - System.nanoTime());
        if (millis <= 0) {
            throw new SocketTimeoutException("no time left to connect");
        }
        SocketChannel channel = SocketChannel.open();
        try {
            channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
            channel.socket().connect(address, (int) Math.min(millis, Integer.MAX_VALUE));
            return channel;
        } catch (IOException | RuntimeException e) {
            PlainTransport.reset(channel);
            throw e;
        }
    }
}
