package io.latchkey.wire;

import java.net.URI;

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

    /** As a label: a name of the configuration, never of a caller. */
    String label() {
        return host + ':' + port;
    }
}
