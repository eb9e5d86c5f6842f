package io.latchkey.upstreams;

import io.github.resilience4j.circuitbreaker.CircuitBreaker.State;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.stereotype.Component;

/** The breakers as operators see them; always up, for an upstream that fails is no fault of this node. */
@Component("circuitBreakers")
final class BreakerHealth implements HealthIndicator {
    private final Upstreams upstreams;

    BreakerHealth(Upstreams upstreams) {
        this.upstreams = upstreams;
    }

    @Override
    public Health health() {
        Map<String, String> states = new LinkedHashMap<>();
        boolean healthy = true;
        for (Balancer balancer : upstreams.balancers()) {
            for (Labelled server : Labelled.of(balancer)) {
                State state = server.upstream().breaker().state();
                healthy &= state != State.OPEN;
                states.put(server.route() + ' ' + server.label(), word(state));
            }
        }
        return Health.up()
                .withDetail("healthy", healthy)
                .withDetail("disabled", upstreams.areBreakersDisabled())
                .withDetail("states", states)
                .build();
    }

    private static String word(State state) {
        return state.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
