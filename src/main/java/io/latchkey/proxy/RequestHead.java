package io.latchkey.proxy;

import io.latchkey.keys.Caller;
import io.latchkey.routes.Route;
import io.latchkey.routes.RouteMatch;
import jakarta.servlet.http.HttpServletRequest;
import java.util.Collections;
import java.util.Enumeration;
import java.util.HashSet;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.apache.hc.core5.http.ClassicHttpRequest;
import org.apache.hc.core5.http.HttpHost;
import org.apache.hc.core5.http.message.BasicClassicHttpRequest;
import org.jspecify.annotations.Nullable;

/**
 * The head of the request to the upstream: what the caller may say, then what only the gateway may say.
 *
 * <p>The gateway's own headers are added last, so that nothing the caller sends can remove or imitate them.
 */
final class RequestHead {
    /** Names that only a gateway may use, and what framing and authentication leave behind. */
    private static final Set<String> DROPPED = Set.of(
            "content-length",
            "expect",
            "forwarded",
            "host",
            "x-api-key",
            "x-real-ip",
            "x-original-url",
            "x-rewrite-url");

    private RequestHead() {}

    static ClassicHttpRequest of(
            RouteMatch match,
            Upstream upstream,
            Caller caller,
            Map<String, String> outgoing,
            HttpServletRequest incoming) {
        ClassicHttpRequest head = new BasicClassicHttpRequest(
                incoming.getMethod(), (HttpHost) null, upstream.basePath() + match.target());
        head.addHeader("Host", upstream.authority());
        copy(incoming, match.route(), outgoing, head);
        frame(incoming, head);
        addOwn(incoming, caller, outgoing, head);
        match.route().upstreamHeaders().forEach((name, value) -> replace(head, name, value));
        return head;
    }

    private static void copy(
            HttpServletRequest incoming, Route route, Map<String, String> outgoing, ClassicHttpRequest head) {
        Set<String> hop = HopHeaders.named(incoming.getHeaders("Connection"));
        Set<String> ours = new HashSet<>();
        outgoing.keySet().forEach(name -> ours.add(name.toLowerCase(Locale.ROOT)));
        String key = incoming.getHeader("X-API-Key");
        Enumeration<String> names = incoming.getHeaderNames();
        while (names.hasMoreElements()) {
            String name = names.nextElement();
            String lower = name.toLowerCase(Locale.ROOT);
            if (isDropped(lower) || hop.contains(lower) || ours.contains(lower)) {
                continue;
            }
            for (String value : Collections.list(incoming.getHeaders(name))) {
                if (!lower.equals("authorization") || passes(value, route, key)) {
                    head.addHeader(name, value);
                }
            }
        }
    }

    // An underscore becomes a dash in many servers: X_Consumer_Id would pass for ours.
    private static boolean isDropped(String lower) {
        return DROPPED.contains(lower)
                || HopHeaders.contains(lower)
                || lower.startsWith("x-forwarded-")
                || lower.startsWith("x-consumer-")
                || lower.indexOf('_') >= 0;
    }

    /** Without an {@code X-API-Key} the bearer was the key; a public route has no key, but it may have been sent. */
    private static boolean passes(String authorization, Route route, @Nullable String key) {
        if (route.isPublic()) {
            return !isOurToken(authorization);
        }
        // Some clients send the same key both ways; the second one is no credential of the upstream.
        return key != null && !authorization.strip().endsWith(key.strip());
    }

    private static boolean isOurToken(String authorization) {
        String value = authorization.strip();
        return value.regionMatches(/* ignoreCase= */ true, 0, "Bearer", 0, 6)
                && value.substring(6).strip().startsWith("lk_");
    }

    private static void frame(HttpServletRequest incoming, ClassicHttpRequest head) {
        long length = incoming.getContentLengthLong();
        if (length >= 0) {
            head.addHeader("Content-Length", Long.toString(length));
        } else if (RequestBody.isIn(incoming)) {
            head.addHeader("Transfer-Encoding", "chunked");
        }
    }

    private static void addOwn(
            HttpServletRequest incoming, Caller caller, Map<String, String> outgoing, ClassicHttpRequest head) {
        head.addHeader("X-Forwarded-For", withoutBrackets(incoming.getRemoteAddr()));
        head.addHeader("X-Forwarded-Proto", incoming.getScheme());
        head.addHeader("X-Forwarded-Host", authority(incoming));
        head.addHeader("Via", "1.1 latchkey");
        if (caller.keyId() != null) {
            head.addHeader("X-Consumer-Id", caller.keyId());
        }
        outgoing.forEach((name, value) -> replace(head, name, value));
    }

    // The client's own setHeader replaces the first of several and leaves the others.
    private static void replace(ClassicHttpRequest head, String name, String value) {
        head.removeHeaders(name);
        head.addHeader(name, value);
    }

    private static String authority(HttpServletRequest incoming) {
        int port = incoming.getServerPort();
        boolean usual = port == ("https".equals(incoming.getScheme()) ? 443 : 80);
        return usual ? incoming.getServerName() : incoming.getServerName() + ':' + port;
    }

    private static String withoutBrackets(String address) {
        return address.startsWith("[") ? address.substring(1, address.length() - 1) : address;
    }
}
