package io.latchkey.observability;

import io.latchkey.problems.Refusal;
import io.prometheus.metrics.core.metrics.Counter;
import io.prometheus.metrics.core.metrics.CounterWithCallback;
import io.prometheus.metrics.core.metrics.Gauge;
import io.prometheus.metrics.core.metrics.Histogram;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import io.prometheus.metrics.model.snapshots.Labels;
import io.prometheus.metrics.model.snapshots.Unit;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.stereotype.Component;

/** The meters of the walk; every label comes from a closed set, so that no caller can add a series. */
@Component
final class RequestMeters {
    private static final String NO_ROUTE = "_none";
    private static final String OTHER = "_other";

    private final Histogram requests;
    private final Counter refusals;
    private final Counter faults;
    private final Counter uncaught;
    private final Counter spansDropped;
    private final Gauge inFlight;

    RequestMeters(ObjectProvider<PrometheusRegistry> registries) {
        PrometheusRegistry registry = registries.getIfAvailable(PrometheusRegistry::new);
        requests = Histogram.builder()
                .name("latchkey_request_seconds")
                .unit(Unit.SECONDS)
                .help("Time from the first byte of a request to the last byte of its answer.")
                .labelNames("route", "method", "status")
                .classicOnly()
                .classicUpperBounds(.001, .0025, .005, .01, .025, .05, .1, .2, .5, 1, 2.5, 5, 10, 30, 60)
                .register(registry);
        refusals = Counter.builder()
                .withoutExemplars()
                .name("latchkey_refusals_total")
                .help("Requests answered with a problem, by its code.")
                .labelNames("code")
                .register(registry);
        for (Refusal refusal : Refusal.values()) {
            refusals.initLabelValues(refusal.code());
        }
        faults = Counter.builder()
                .withoutExemplars()
                .name("latchkey_faults_total")
                .help("Requests that met a bug of the gateway; each is logged with its stack.")
                .register(registry);
        uncaught = Counter.builder()
                .withoutExemplars()
                .name("latchkey_uncaught_exceptions_total")
                .help("Exceptions that ended a thread; each is logged with its stack.")
                .register(registry);
        spansDropped = Counter.builder()
                .withoutExemplars()
                .name("latchkey_spans_dropped_total")
                .help("Spans that were not exported, because the receiver was slow or gone.")
                .register(registry);
        inFlight = Gauge.builder()
                .withoutExemplars()
                .name("latchkey_requests_in_flight")
                .help("Requests inside the gateway now.")
                .register(registry);
        CounterWithCallback.builder()
                .name("latchkey_log_dropped_total")
                .help("Log lines dropped because the output did not keep up.")
                .callback(callback -> callback.call((double) QueueAppender.dropped()))
                .register(registry);
    }

    void entered() {
        inFlight.inc();
    }

    void left() {
        inFlight.dec();
    }

    long inFlight() {
        return (long) inFlight.get();
    }

    void fault() {
        faults.inc();
    }

    void uncaught() {
        uncaught.inc();
    }

    void spansDropped(int count) {
        spansDropped.inc(count);
    }

    void finished(AccessRecord access) {
        requests.labelValues(route(access.route()), method(access.method()), status(access.status()))
                .observeWithExemplar(
                        (double) access.durationNanos() / 1e9,
                        Labels.of("trace_id", access.traceId(), "correlation_id", access.correlationId()));
        if (access.refusal() != null) {
            refusals.labelValues(access.refusal()).inc();
        }
    }

    private static String route(@Nullable String route) {
        return route == null ? NO_ROUTE : route;
    }

    private static String method(@Nullable String method) {
        return method != null && StrictRequest.METHODS.contains(method) ? method : OTHER;
    }

    private static String status(int status) {
        return status >= 100 && status <= 599 ? Integer.toString(status) : OTHER;
    }
}
