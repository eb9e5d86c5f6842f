package io.latchkey.proxy;

import io.latchkey.keys.Caller;
import io.latchkey.problems.Refusal;
import io.latchkey.problems.Refused;
import io.latchkey.routes.Route;
import io.latchkey.routes.RouteMatch;
import io.latchkey.upstreams.Turn;
import io.latchkey.wire.Connection;
import jakarta.servlet.http.HttpServletRequest;
import java.util.Map;
import java.util.Set;
import org.eclipse.jetty.ee11.servlet.ServletContextRequest;
import org.eclipse.jetty.http.HttpField;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.http.HttpHeader;
import org.jspecify.annotations.Nullable;

/**
 * The head of the request to the upstream: what the caller may say, then what only the gateway may say.
 *
 * <p>The gateway's own headers are added last, so that nothing the caller sends can remove or imitate them.
 */
final class RequestHead {
    private static final String SELF = "1.1 latchkey";
    /** Gateways may stand behind each other; a request that has met more of them than this goes in a circle. */
    private static final int MOST_GATEWAYS = 4;

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

    private final RouteMatch match;
    private final Caller caller;
    private final Map<String, String> outgoing;
    private final HttpServletRequest incoming;
    private final HttpFields fields;
    private final Set<String> hop;
    private final boolean upgrade;

    /** @param outgoing replaces what the caller sent under these names; an empty value only takes it away */
    RequestHead(RouteMatch match, Caller caller, Map<String, String> outgoing, HttpServletRequest incoming) {
        this.match = match;
        this.caller = caller;
        this.outgoing = outgoing;
        this.incoming = incoming;
        // As Jetty holds them: each line once, with its name in lower case.
        this.fields = ServletContextRequest.getServletContextRequest(incoming).getHeaders();
        this.hop = fields.contains(HttpHeader.CONNECTION)
                ? HopHeaders.named(String.join(",", fields.getValuesList(HttpHeader.CONNECTION)))
                : Set.of();
        this.upgrade = fields.contains(HttpHeader.UPGRADE) && Upgrade.isAskedFor(incoming);
        refuseCircle();
    }

    private void refuseCircle() {
        if (!fields.contains(HttpHeader.VIA)) {
            return;
        }
        String via = String.join(",", fields.getValuesList(HttpHeader.VIA));
        int gateways = 0;
        for (int at = via.indexOf("latchkey"); at >= 0; at = via.indexOf("latchkey", at + 1)) {
            gateways++;
        }
        if (gateways >= MOST_GATEWAYS) {
            throw new Refused(Refusal.LOOP_DETECTED, "The request has passed this gateway several times already.");
        }
    }

    /** Whether the upstream is told how to recognise a repetition. */
    boolean passesIdempotencyKey() {
        String key = incoming.getHeader("Idempotency-Key");
        return key != null
                && !key.isBlank()
                && !hop.contains("idempotency-key")
                && !isReplaced("idempotency-key", match.route());
    }

    boolean isUpgrade() {
        return upgrade;
    }

    /** Everything up to the empty line. */
    void write(Connection connection, Turn turn, CallerBody body) {
        connection.requestLine(incoming.getMethod(), turn.basePath(), match.target());
        connection.header("Host", turn.authority());
        copyCallers(connection);
        frame(connection, body);
        writeOwn(connection);
        connection.endHead(body.exists());
    }

    private void copyCallers(Connection connection) {
        Route route = match.route();
        String key = fields.get("X-API-Key");
        for (HttpField field : fields) {
            String lower = field.getLowerCaseName();
            if (isDropped(lower, route) || hop.contains(lower) || isReplaced(lower, route)) {
                continue;
            }
            String value = field.getValue();
            if (field.getHeader() != HttpHeader.AUTHORIZATION || passes(value, route, key)) {
                connection.header(field.getName(), value == null ? "" : value);
            }
        }
    }

    // An underscore becomes a dash in many servers: X_Consumer_Id would pass for ours.
    private static boolean isDropped(String lower, Route route) {
        return DROPPED.contains(lower)
                || HopHeaders.contains(lower)
                || lower.startsWith("x-forwarded-")
                || lower.startsWith("x-consumer-")
                || lower.indexOf('_') >= 0
                // What the answer says about itself is to be read on its way.
                || (route.usage() != null && lower.equals("accept-encoding"));
    }

    private boolean isReplaced(String lower, Route route) {
        for (String name : outgoing.keySet()) {
            if (name.equalsIgnoreCase(lower)) {
                return true;
            }
        }
        return isInjected(lower, route);
    }

    private static boolean isInjected(String name, Route route) {
        for (String injected : route.upstreamHeaders().keySet()) {
            if (injected.equalsIgnoreCase(name)) {
                return true;
            }
        }
        return false;
    }

    /** Without an {@code X-API-Key} the bearer was the key; a public route has no key, but it may have been sent. */
    private static boolean passes(@Nullable String authorization, Route route, @Nullable String key) {
        if (authorization == null) {
            return false;
        }
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

    private void frame(Connection connection, CallerBody body) {
        if (body.length() >= 0) {
            connection.header("Content-Length", Long.toString(body.length()));
        } else if (body.exists()) {
            connection.header("Transfer-Encoding", "chunked");
        }
        if (upgrade) {
            connection.header("Connection", "Upgrade");
            connection.header("Upgrade", "websocket");
        }
    }

    private void writeOwn(Connection connection) {
        Route route = match.route();
        own(connection, route, "X-Forwarded-For", withoutBrackets(incoming.getRemoteAddr()));
        own(connection, route, "X-Forwarded-Proto", incoming.getScheme());
        own(connection, route, "X-Forwarded-Host", authority(incoming));
        own(connection, route, "Via", SELF);
        String keyId = caller.keyId();
        if (keyId != null) {
            own(connection, route, "X-Consumer-Id", keyId);
        }
        outgoing.forEach((name, value) -> {
            if (!value.isEmpty()) {
                own(connection, route, name, value);
            }
        });
        route.upstreamHeaders().forEach(connection::header);
    }

    private static void own(Connection connection, Route route, String name, String value) {
        if (route.upstreamHeaders().isEmpty() || !isInjected(name, route)) {
            connection.header(name, value);
        }
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
