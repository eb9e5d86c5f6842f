package io.latchkey.routes;

import java.net.InetAddress;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.Set;

/** What the address of an upstream may look like. */
final class UpstreamUri {
    static final String EXPECTED =
            "http(s)://host[:port][/base], canonical, without user information, query and fragment";

    private UpstreamUri() {}

    static boolean isValid(String text) {
        URI uri;
        try {
            uri = new URI(text);
        } catch (URISyntaxException e) {
            return false;
        }
        // getHost is null for what is neither a name nor an address in its plain spelling, such as 0x7f.1.
        boolean plain = uri.getScheme() != null
                && Set.of("http", "https").contains(uri.getScheme())
                && uri.getHost() != null
                && uri.getRawUserInfo() == null
                && uri.getRawQuery() == null
                && uri.getRawFragment() == null;
        boolean portInRange = uri.getPort() == -1 || (uri.getPort() >= 1 && uri.getPort() <= 65535);
        return plain && portInRange && (uri.getRawPath().isEmpty() || RoutePattern.isCanonical(uri.getRawPath()));
    }

    /** 169.254.0.0/16 (where clouds keep their credentials) and fe80::/10; an address only, names are not looked up. */
    static boolean isLinkLocal(URI upstream) {
        try {
            return InetAddress.ofLiteral(upstream.getHost()).isLinkLocalAddress();
        } catch (IllegalArgumentException e) {
            return false;
        }
    }
}
