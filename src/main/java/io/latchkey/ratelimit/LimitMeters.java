package io.latchkey.ratelimit;

import io.prometheus.metrics.core.metrics.Counter;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.springframework.stereotype.Component;

/** Counts what limits did. Policies are named by operators, who may name many: beyond a cap they are one. */
@Component
class LimitMeters {
    private static final int NAMES_MAX = 100;
    private static final String OTHER = "_other";
    private static final String NO_ROUTE = "_none";

    private final Set<String> names = ConcurrentHashMap.newKeySet();
    private final Counter limited;
    private final Counter shadow;
    private final Counter degraded;
    private final Counter storeCalls;

    LimitMeters(PrometheusRegistry meters) {
        limited = Counter.builder()
                .name("latchkey_limited_total")
                .help("Requests refused by a policy, by route and policy.")
                .withoutExemplars()
                .labelNames("route", "policy")
                .register(meters);
        shadow = Counter.builder()
                .name("latchkey_limit_shadow_total")
                .help("Requests that a shadow policy would have refused, by route and policy.")
                .withoutExemplars()
                .labelNames("route", "policy")
                .register(meters);
        // So that both are there before the first refusal.
        limited.initLabelValues(NO_ROUTE, OTHER);
        shadow.initLabelValues(NO_ROUTE, OTHER);
        degraded = Counter.builder()
                .name("latchkey_limits_degraded_total")
                .help("Requests decided by this node's share of their limits, because Redis did not answer.")
                .withoutExemplars()
                .register(meters);
        storeCalls = Counter.builder()
                .name("latchkey_limit_store_calls_total")
                .help("Calls to Redis to count requests; with leases far fewer than requests.")
                .withoutExemplars()
                .register(meters);
    }

    void limited(String route, String policy) {
        limited.labelValues(route, name(policy)).inc();
    }

    void shadowRefused(String route, String policy, long calls) {
        shadow.labelValues(route, name(policy)).inc(calls);
    }

    void degraded() {
        degraded.inc();
    }

    void storeCall() {
        storeCalls.inc();
    }

    private String name(String policy) {
        return names.contains(policy) || (names.size() < NAMES_MAX && names.add(policy)) ? policy : OTHER;
    }
}
