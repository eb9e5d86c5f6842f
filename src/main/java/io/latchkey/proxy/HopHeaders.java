package io.latchkey.proxy;

import java.util.Collections;
import java.util.Enumeration;
import java.util.HashSet;
import java.util.Locale;
import java.util.Set;

/** Which headers belong to one connection only (RFC 9110, 7.6.1) and so never pass the gateway. */
final class HopHeaders {
    private static final Set<String> ALWAYS = Set.of(
            "connection",
            "http2-settings",
            "keep-alive",
            "proxy-authenticate",
            "proxy-authorization",
            "proxy-connection",
            "te",
            "trailer",
            "transfer-encoding",
            "upgrade");

    /** What nearly every sender says, and what names no header. */
    private static final Set<String> KEEP_OR_CLOSE = Set.of("keep-alive", "Keep-Alive", "close");

    private HopHeaders() {}

    static boolean contains(String lowerCaseName) {
        return ALWAYS.contains(lowerCaseName);
    }

    /** The headers that the sender itself calls hop-by-hop, in lower case. */
    static Set<String> named(Enumeration<String> connectionValues) {
        if (!connectionValues.hasMoreElements()) {
            return Set.of();
        }
        return named(String.join(",", Collections.list(connectionValues)));
    }

    static Set<String> named(String connectionOptions) {
        if (connectionOptions.isEmpty() || KEEP_OR_CLOSE.contains(connectionOptions)) {
            return Set.of();
        }
        Set<String> named = new HashSet<>();
        for (String name : connectionOptions.split(",", -1)) {
            named.add(name.strip().toLowerCase(Locale.ROOT));
        }
        return named;
    }
}
