package io.latchkey.cache;

import io.latchkey.routes.Route;
import io.latchkey.routes.Routes;
import io.prometheus.metrics.core.datapoints.CounterDataPoint;
import io.prometheus.metrics.core.metrics.Counter;
import io.prometheus.metrics.core.metrics.CounterWithCallback;
import io.prometheus.metrics.core.metrics.GaugeWithCallback;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/** Counts where answers came from, and measures what is kept in this process. */
@Component
class CacheMeters {
    private final Counter requests;
    private final Map<String, Map<Outcome, CounterDataPoint>> points = new ConcurrentHashMap<>();
    private final LongAdder asked = new LongAdder();
    private final LongAdder served = new LongAdder();

    CacheMeters(PrometheusRegistry meters, Routes routes, NearTier near, CacheWrites writes) {
        requests = Counter.builder()
                .name("latchkey_cache_requests_total")
                .help("Requests of routes with a cache, by where the answer came from.")
                .withoutExemplars()
                .labelNames("route", "outcome")
                .register(meters);
        routes.all().stream().map(Route::id).forEach(this::points);
        GaugeWithCallback.builder()
                .name("latchkey_cache_entries")
                .help("Answers kept in this process.")
                .callback(callback -> callback.call((double) near.entries()))
                .register(meters);
        GaugeWithCallback.builder()
                .name("latchkey_cache_bytes")
                .help("Memory that the answers in this process take, roughly.")
                .callback(callback -> callback.call((double) near.bytes()))
                .register(meters);
        CounterWithCallback.builder()
                .name("latchkey_cache_evictions_total")
                .help("Answers that left this process for lack of memory.")
                .callback(callback -> callback.call((double) near.evictions()))
                .register(meters);
        CounterWithCallback.builder()
                .name("latchkey_cache_dropped_writes_total")
                .help("Answers that were not written to Redis because it was slow or gone.")
                .callback(callback -> callback.call((double) writes.dropped()))
                .register(meters);
    }

    void count(String route, Outcome outcome) {
        count(points(route).get(outcome));
        if (outcome != Outcome.BYPASS) {
            asked.increment();
            if (outcome == Outcome.HIT || outcome == Outcome.COLLAPSED) {
                served.increment();
            }
        }
    }

    /** Of the requests that a stored answer could have served, the share that one did; 0 before the first. */
    double hitRate() {
        long all = asked.sum();
        return all == 0 ? 0 : (double) served.sum() / all;
    }

    private static void count(@Nullable CounterDataPoint point) {
        if (point != null) {
            point.inc();
        }
    }

    private Map<Outcome, CounterDataPoint> points(String route) {
        Map<Outcome, CounterDataPoint> known = points.get(route);
        return known != null ? known : points.computeIfAbsent(route, this::made);
    }

    private Map<Outcome, CounterDataPoint> made(String route) {
        Map<Outcome, CounterDataPoint> made = new EnumMap<>(Outcome.class);
        for (Outcome outcome : Outcome.values()) {
            made.put(outcome, requests.labelValues(route, outcome.word()));
        }
        return made;
    }
}
