package io.latchkey.upstreams;

import io.latchkey.routes.Route;
import java.net.URI;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.stereotype.Component;

/** The servers behind all routes: which of them may be asked, and what their answers say about them. */
@Component
public final class Upstreams implements AutoCloseable {
    private final boolean breakersDisabled;
    private final InstantSource time;
    private final Supplier<RandomGenerator> random;
    private final Map<Upstream, HealthWatch> watches = new HashMap<>();
    private volatile Map<String, Balancer> balancers = Map.of();

    @Autowired
    Upstreams(UpstreamsProperties properties, InstantSource time) {
        this(properties, time, ThreadLocalRandom::current);
    }

    Upstreams(UpstreamsProperties properties, InstantSource time, Supplier<RandomGenerator> random) {
        this.breakersDisabled = properties.circuitBreakersDisabled();
        this.time = time;
        this.random = random;
    }

    /**
     * The server for the next try; those already tried only when no other may be asked. Refused: 503 when none may be
     * asked at all.
     */
    public Turn choose(Route route, List<Turn> before) {
        return balancer(route).choose(before);
    }

    /** Whether the budget of the route allows one more try of a request; if so, it is taken from the budget. */
    public boolean mayTryAgain(Route route) {
        return balancer(route).budget().take();
    }

    private Balancer balancer(Route route) {
        Balancer known = balancers.get(route.id());
        // A request that began under another table: by its own route, but what is known of a server holds for it too.
        return known != null && known.route().equals(route) ? known : balancer(route, known);
    }

    /** From now on these are the routes; what was known of servers that stay is kept, the rest is forgotten. */
    synchronized void follow(List<Route> routes) {
        Map<String, Balancer> next = new LinkedHashMap<>();
        routes.forEach(route -> next.put(route.id(), balancer(route, balancers.get(route.id()))));
        balancers = next;
        watch(next.values());
    }

    private Balancer balancer(Route route, @Nullable Balancer before) {
        // An address that is given twice is one server with both weights.
        Map<URI, Integer> weights = new LinkedHashMap<>();
        route.upstreams().forEach(server -> weights.merge(server.uri(), server.weight(), Integer::sum));
        List<Upstream> upstreams = new ArrayList<>();
        weights.keySet().forEach(uri -> upstreams.add(upstream(route, uri, before)));
        return new Balancer(
                route,
                upstreams,
                weights.values().stream().mapToInt(Integer::intValue).toArray(),
                before == null ? new RetryBudget(time) : before.budget(),
                random);
    }

    private Upstream upstream(Route route, URI uri, @Nullable Balancer before) {
        if (before != null) {
            for (Upstream known : before.upstreams()) {
                if (known.isAs(route, uri)) {
                    return known;
                }
            }
        }
        return new Upstream(route, uri, before != null, breakersDisabled, time);
    }

    private void watch(Collection<Balancer> all) {
        Map<Upstream, Route.HealthCheck> wanted = new HashMap<>();
        for (Balancer balancer : all) {
            Route.HealthCheck check = balancer.route().health();
            if (check != null) {
                balancer.upstreams().forEach(upstream -> wanted.put(upstream, check));
            }
        }
        watches.entrySet().removeIf(entry -> {
            Upstream upstream = entry.getKey();
            boolean ends = !entry.getValue().check().equals(wanted.get(upstream));
            if (ends) {
                entry.getValue().close();
                // Nobody would ever say that it is back.
                if (!wanted.containsKey(upstream)) {
                    upstream.isDown(false);
                }
            }
            return ends;
        });
        wanted.forEach(
                (upstream, check) -> watches.computeIfAbsent(upstream, unused -> new HealthWatch(upstream, check)));
    }

    /** One for each route, for those who report on them. */
    Collection<Balancer> balancers() {
        return balancers.values();
    }

    boolean areBreakersDisabled() {
        return breakersDisabled;
    }

    @Override
    public synchronized void close() {
        watches.values().forEach(HealthWatch::close);
        watches.clear();
    }
}
