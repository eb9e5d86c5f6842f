package io.latchkey.wire;

import java.io.IOException;
import java.net.InetAddress;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;

/**
 * Where an upstream is reached.
 *
 * @param allowLinkLocal whether the name may lead to a link-local address, where clouds keep their credentials
 */
public record Endpoint(String host, int port, boolean secure, boolean allowLinkLocal) {
    public static Endpoint of(URI uri, boolean allowLinkLocal) {
        boolean secure = "https".equals(uri.getScheme());
        int port = uri.getPort() >= 0 ? uri.getPort() : secure ? 443 : 80;
        String host = uri.getHost();
        String bare = host.startsWith("[") ? host.substring(1, host.length() - 1) : host;
        return new Endpoint(bare, port, secure, allowLinkLocal);
    }

    /**
     * Where it is now, looked up anew; none that it may not lead to.
     *
     * @param by until when to wait for that, in terms of {@link System#nanoTime}; then a {@link SocketTimeoutException}
     */
    public List<InetAddress> addresses(long by) throws IOException {
        List<InetAddress> allowed = new ArrayList<>();
        for (InetAddress address : Names.addresses(host, by)) {
            // Where clouds keep their credentials; a name may lead there as well as an address.
            if (allowLinkLocal || !address.isLinkLocalAddress()) {
                allowed.add(address);
            }
        }
        return allowed;
    }

    /** As a label: a name of the configuration, never of a caller. */
    String label() {
        return host + ':' + port;
    }
}
