package io.latchkey.routes;

import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
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
        Map<String, String> timeout,
        long requestSizeLimit,
        Set<String> upstreamHeaders,
        Map<String, Object> retry,
        Map<String, Object> breaker,
        @Nullable Map<String, Object> health,
        String slowStart,
        int warm,
        int concurrency,
        int concurrencyPerKey,
        List<Map<String, Object>> limits,
        int cost,
        @Nullable Map<String, Object> cache,
        boolean compression,
        Route.@Nullable Fallback fallback,
        Route.@Nullable Metering usage,
        @Nullable CorsPolicy cors) {

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
                Map.of(
                        "connect", route.timeout().connect().toString(),
                        "firstByte", route.timeout().firstByte().toString(),
                        "total", route.timeout().total().toString()),
                route.requestSizeLimit().toBytes(),
                route.upstreamHeaders().keySet(),
                Map.of(
                        "attempts", route.retry().attempts(),
                        "delay", route.retry().delay().toString(),
                        "on", route.retry().onTimeout() ? List.of("timeout") : List.of()),
                Map.of(
                        "failures",
                        route.breaker().failures(),
                        "open",
                        route.breaker().open().toString()),
                health(route.health()),
                route.slowStart().toString(),
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

    private static @Nullable Map<String, Object> health(Route.@Nullable HealthCheck check) {
        return check == null
                ? null
                : Map.of(
                        "path", check.path(),
                        "interval", check.interval().toString(),
                        "timeout", check.timeout().toString(),
                        "healthy", check.healthy(),
                        "unhealthy", check.unhealthy());
    }

    private static Map<String, Object> limit(Route.Limit limit) {
        return Map.of(
                "name", limit.name(),
                "quota", limit.quota(),
                "window", limit.window(),
                "accuracy", limit.exact() ? "exact" : "fast",
                "shadow", limit.shadow());
    }

    private static @Nullable Map<String, Object> cache(Route.@Nullable Caching caching) {
        return caching == null
                ? null
                : Map.of(
                        "ttl", text(caching.ttl()),
                        "shared", caching.shared(),
                        "methods", caching.methods(),
                        "tags", caching.tags(),
                        "staleIfError", text(caching.staleIfError()),
                        "largest", caching.largest().toBytes());
    }

    private static String text(Duration duration) {
        return duration.toString();
    }
}
