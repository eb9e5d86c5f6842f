package io.latchkey.routes;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** An immutable set of routes that finds the longest match with one hash look-up per path segment. */
final class RouteTable {
    private final String version;
    private final List<Route> routes;
    private final Map<String, Route> exact = new HashMap<>();
    private final Map<String, Route> subtrees = new HashMap<>();
    private final int deepest;
    private final boolean hasCors;

    RouteTable(String version, List<Route> routes) {
        this.version = version;
        this.routes = List.copyOf(routes);
        int depth = 0;
        for (Route route : this.routes) {
            String stem = RoutePattern.stem(route.path());
            if (RoutePattern.isSubtree(route.path())) {
                subtrees.put(stem, route);
                depth = Math.max(depth, (int) stem.chars().filter(c -> c == '/').count());
            } else {
                exact.put(stem, route);
            }
        }
        this.deepest = depth;
        this.hasCors = this.routes.stream().anyMatch(route -> route.cors() != null);
    }

    /** Names the text that the routes were read from. */
    String version() {
        return version;
    }

    List<Route> routes() {
        return routes;
    }

    /** Whether pages of other origins may call any of them. */
    boolean hasCors() {
        return hasCors;
    }

    /** The exact route, else the deepest subtree that holds the path. */
    @Nullable
    Route find(String path) {
        Route found = exact.get(path);
        if (found != null) {
            return found;
        }
        int end = 0;
        // Not deeper than any pattern: a path of thousands of segments costs no more than a short one.
        for (int depth = 1; depth <= deepest && end < path.length(); depth++) {
            int slash = path.indexOf('/', end + 1);
            end = slash < 0 ? path.length() : slash;
            Route subtree = subtrees.get(path.substring(0, end));
            if (subtree != null) {
                found = subtree;
            }
        }
        return found;
    }
}
