package io.latchkey.routes;

import java.util.List;

/**
 * The event that other routes are in force; those of the start are in {@link Routes#all}.
 *
 * <p>Compare by {@link Route#id} and {@code equals}: a route that reads the same is equal. Listeners are called one
 * after the other on the thread that reloads, so they must be quick, and none may throw. They must be repeatable:
 * what is in force again comes again.
 */
public record RoutesChanged(List<Route> routes) {
    public RoutesChanged {
        routes = List.copyOf(routes);
    }
}
