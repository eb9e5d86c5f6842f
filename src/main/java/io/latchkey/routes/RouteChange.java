package io.latchkey.routes;

import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** What a reload changed, by the ids of the routes. */
record RouteChange(
        String version,
        String previousVersion,
        int routes,
        List<String> added,
        List<String> changed,
        List<String> removed) {

    static RouteChange between(RouteTable before, RouteTable after) {
        Map<String, Route> old = new HashMap<>();
        before.routes().forEach(route -> old.put(route.id(), route));
        Map<String, Route> young = new HashMap<>();
        after.routes().forEach(route -> young.put(route.id(), route));
        return new RouteChange(
                after.version(),
                before.version(),
                after.routes().size(),
                young.keySet().stream()
                        .filter(id -> !old.containsKey(id))
                        .sorted()
                        .toList(),
                after.routes().stream()
                        .filter(route -> old.containsKey(route.id()) && !route.equals(old.get(route.id())))
                        .map(Route::id)
                        .sorted()
                        .toList(),
                old.keySet().stream()
                        .filter(id -> !young.containsKey(id))
                        .sorted()
                        .toList());
    }

    boolean isEmpty() {
        return added.isEmpty() && changed.isEmpty() && removed.isEmpty();
    }
}
