package io.latchkey.routes;

import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What a request's path means here: a route, or one of the gateway's own paths.
 *
 * @param path the canonical path; the only one to be used from here on
 * @param query the raw query, null without one
 * @param label the route's id; for a reserved path a name that no route can have
 * @param template the pattern that matched, for logs and meters
 * @param proxied null for a reserved path
 * @param reservedNeedsKey whether a reserved path asks for a key; without meaning for a route
 */
public record RouteMatch(
        String path,
        @Nullable String query,
        String label,
        String template,
        @Nullable Route proxied,
        boolean reservedNeedsKey) {
    static RouteMatch of(String path, @Nullable String query, Route route) {
        return new RouteMatch(path, query, route.id(), route.path(), route, false);
    }

    static RouteMatch of(String path, @Nullable String query, Reserved reserved) {
        return new RouteMatch(path, query, reserved.label(), reserved.pattern(), null, reserved.needsKey());
    }

    /** Whether the gateway itself answers, so that there is no {@link #route}. */
    public boolean isReserved() {
        return proxied == null;
    }

    /** Whether the caller must show a key. */
    public boolean needsKey() {
        return proxied == null ? reservedNeedsKey : !proxied.isPublic();
    }

    /** The scope that the key must have; null = any key will do. */
    public @Nullable String scope() {
        return proxied == null ? null : proxied.scope();
    }

    /** What the path accepts. */
    public Set<String> methods() {
        return proxied == null ? Route.STANDARD_METHODS : proxied.methods();
    }

    /** The route; only when not {@link #isReserved}. */
    public Route route() {
        if (proxied == null) {
            throw new IllegalStateException(template + " is answered by the gateway itself");
        }
        return proxied;
    }

    /** Path and query for the upstream, behind its base path. */
    public String target() {
        String prefix = route().stripPrefix();
        String forwarded = prefix == null ? path : path.substring(prefix.length());
        if (forwarded.isEmpty()) {
            forwarded = "/";
        }
        return query == null ? forwarded : forwarded + '?' + query;
    }
}
