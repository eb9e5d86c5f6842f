package io.latchkey.routes;

import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** A route with all its properties as operators see it; of injected headers the names only. */
record RouteView(
        String id,
        String path,
        List<URI> upstreams,
        List<Integer> weights,
        boolean allowLinkLocal,
        @Nullable String stripPrefix,
        Set<String> methods,
        @Nullable String scope,
        String access,
        Route.Timeout timeout,
        long requestSizeLimit,
        Set<String> upstreamHeaders,
        Retry retry,
        Route.Breaker breaker,
        Route.@Nullable HealthCheck health,
        Duration slowStart,
        int warm,
        int concurrency,
        int concurrencyPerKey,
        List<Limit> limits,
        int cost,
        @Nullable Cache cache,
        boolean compression,
        Route.@Nullable Fallback fallback,
        Route.@Nullable Metering usage,
        @Nullable CorsPolicy cors) {

    /** How often to try again; all tries counted. */
    record Retry(int attempts, Duration delay, List<String> on) {}

    /** At most {@code quota} per {@code window} for each key, or for each address on a public route. */
    record Limit(String name, long quota, String window, String accuracy, boolean shadow) {}

    /** Which answers are kept; {@code largest} is in bytes. */
    record Cache(
            Duration ttl,
            boolean shared,
            Set<String> methods,
            List<String> tags,
            Duration staleIfError,
            long largest) {}

    static RouteView of(Route route) {
        return new RouteView(
                route.id(),
                route.path(),
                route.upstreams().stream().map(Route.Server::uri).toList(),
                route.upstreams().stream().map(Route.Server::weight).toList(),
                route.allowLinkLocal(),
                route.stripPrefix(),
                route.methods(),
                route.scope(),
                route.access().name().toLowerCase(Locale.ROOT),
                route.timeout(),
                route.requestSizeLimit().toBytes(),
                route.upstreamHeaders().keySet(),
                new Retry(
                        route.retry().attempts(),
                        route.retry().delay(),
                        route.retry().onTimeout() ? List.of("timeout") : List.of()),
                route.breaker(),
                route.health(),
                route.slowStart(),
                route.warm(),
                route.admission().concurrency(),
                route.admission().concurrencyPerKey(),
                route.admission().limits().stream().map(RouteView::limit).toList(),
                route.admission().cost(),
                cache(route.cache()),
                route.compression(),
                route.fallback(),
                route.usage(),
                route.cors());
    }

    private static Limit limit(Route.Limit limit) {
        return new Limit(limit.name(), limit.quota(), limit.window(), limit.exact() ? "exact" : "fast", limit.shadow());
    }

    private static @Nullable Cache cache(Route.@Nullable Caching caching) {
        return caching == null
                ? null
                : new Cache(
                        caching.ttl(),
                        caching.shared(),
                        caching.methods(),
                        caching.tags(),
                        caching.staleIfError(),
                        caching.largest().toBytes());
    }
}
