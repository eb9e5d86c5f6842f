package io.latchkey.upstreams;

import io.prometheus.metrics.core.metrics.CounterWithCallback;
import io.prometheus.metrics.core.metrics.GaugeWithCallback;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.util.function.ToDoubleFunction;
import org.springframework.stereotype.Component;

/** The meters of the servers, read when they are asked for: a route that goes takes its series with it. */
@Component
final class UpstreamMeters {
    private final Upstreams upstreams;
    private final PrometheusRegistry meters;

    UpstreamMeters(Upstreams upstreams, PrometheusRegistry meters) {
        this.upstreams = upstreams;
        this.meters = meters;
        gauge(
                "latchkey_breaker_state",
                "Circuit breaker of a server: 0 closed (or disabled), 1 on trial, 2 open.",
                upstream -> switch (upstream.breaker().state()) {
                    case OPEN -> 2;
                    case HALF_OPEN -> 1;
                    default -> 0;
                });
        gauge(
                "latchkey_upstream_up",
                "Whether a server passes its health checks; 1 where none are configured.",
                upstream -> upstream.isDown() ? 0 : 1);
        gauge("latchkey_upstream_in_flight", "Tries at a server that are under way.", Upstream::inFlight);
        CounterWithCallback.builder()
                .name("latchkey_upstream_ejections_total")
                .help("How often a server was left alone, because its breaker opened or its health checks failed.")
                .labelNames("route", "upstream")
                .callback(out -> each(Upstream::ejections, out::call))
                .register(meters);
        CounterWithCallback.builder()
                .name("latchkey_retries_total")
                .help("Retries by what the route's budget said: allowed, refused.")
                .labelNames("route", "outcome")
                .callback(out -> upstreams.balancers().forEach(balancer -> {
                    out.call(
                            (double) balancer.budget().allowed(),
                            balancer.route().id(),
                            "allowed");
                    out.call(
                            (double) balancer.budget().refused(),
                            balancer.route().id(),
                            "refused");
                }))
                .register(meters);
    }

    private interface Out {
        void call(double value, String... labels);
    }

    private void gauge(String name, String help, ToDoubleFunction<Upstream> value) {
        GaugeWithCallback.builder()
                .name(name)
                .help(help)
                .labelNames("route", "upstream")
                .callback(out -> each(value, out::call))
                .register(meters);
    }

    private void each(ToDoubleFunction<Upstream> value, Out out) {
        for (Balancer balancer : upstreams.balancers()) {
            Labelled.of(balancer)
                    .forEach(
                            server -> out.call(value.applyAsDouble(server.upstream()), server.route(), server.label()));
        }
    }
}
