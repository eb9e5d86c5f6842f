package io.latchkey.routes;

import io.prometheus.metrics.core.metrics.Counter;
import io.prometheus.metrics.core.metrics.GaugeWithCallback;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.time.Instant;
import java.time.InstantSource;
import org.springframework.stereotype.Component;

/** Which routes are in force, since when, and what became of attempts to change them. */
@Component
class RouteMeters {
    private static final int HEXADECIMAL = 16;

    private final Counter reloads;
    private final InstantSource time;
    private volatile Instant loadedAt;

    RouteMeters(PrometheusRegistry meters, Routes routes, InstantSource time) {
        this.time = time;
        this.loadedAt = time.instant();
        reloads = Counter.builder()
                .name("latchkey_routes_reloads_total")
                .help("Reloads of the routes by outcome: applied, unchanged, refused, unwritten.")
                .withoutExemplars()
                .labelNames("outcome")
                .register(meters);
        for (String outcome : new String[] {"applied", "unchanged", "refused", "unwritten"}) {
            reloads.initLabelValues(outcome);
        }
        GaugeWithCallback.builder()
                .name("latchkey_routes_version")
                .help("The version of the routes in force, as a number: nodes with the same routes say the same.")
                .callback(callback ->
                        callback.call((double) Long.parseLong(routes.table().version(), HEXADECIMAL)))
                .register(meters);
        GaugeWithCallback.builder()
                .name("latchkey_routes_loaded_timestamp_seconds")
                .help("When the routes in force were read, as Unix time.")
                .callback(callback -> callback.call((double) loadedAt.getEpochSecond()))
                .register(meters);
    }

    void applied(RouteChange change) {
        loadedAt = time.instant();
        reloads.labelValues(change.isEmpty() ? "unchanged" : "applied").inc();
    }

    void refused() {
        reloads.labelValues("refused").inc();
    }

    /** The store was gone, so that the audit entry could not be written. */
    void unwritten() {
        reloads.labelValues("unwritten").inc();
    }

    Instant loadedAt() {
        return loadedAt;
    }
}
