package io.latchkey.usage;

import io.prometheus.metrics.core.datapoints.CounterDataPoint;
import io.prometheus.metrics.core.metrics.Counter;
import io.prometheus.metrics.core.metrics.Gauge;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import org.springframework.stereotype.Component;

/** What was used, as far as its labels are few: of so many owners by name, and of all others together. */
@Component
final class UsageMeters {
    private static final int OWNERS_MAX = 500;

    private final Counter requests;
    private final Counter tokens;
    private final Gauge cost;
    private final Counter unsaid;
    private final Counter reached;
    private final Counter outOfBudget;
    private final ConcurrentHashMap<String, CounterDataPoint> owners = new ConcurrentHashMap<>();

    UsageMeters(PrometheusRegistry meters) {
        requests = Counter.builder()
                .withoutExemplars()
                .name("latchkey_owner_requests_total")
                .help("Requests to routes, by the owner of the key.")
                .labelNames("owner")
                .register(meters);
        tokens = Counter.builder()
                .withoutExemplars()
                .name("latchkey_tokens_total")
                .help("Tokens that answers said they took.")
                .labelNames("route", "model")
                .register(meters);
        // Its name is agreed upon, and a counter's would end with _total.
        cost = Gauge.builder()
                .withoutExemplars()
                .name("token_usage_cost_est")
                .help("What these tokens cost by the route's prices, since the start; it only grows.")
                .labelNames("route", "model")
                .register(meters);
        unsaid = Counter.builder()
                .withoutExemplars()
                .name("latchkey_usage_unsaid_total")
                .help("Good answers of routes that count tokens, which did not say how many they took.")
                .labelNames("route")
                .register(meters);
        reached = Counter.builder()
                .withoutExemplars()
                .name("latchkey_budget_reached_total")
                .help("Budgets of keys of which so many percent were spent; once a key and window, over all nodes.")
                .labelNames("budget", "percent")
                .register(meters);
        outOfBudget = Counter.builder()
                .withoutExemplars()
                .name("latchkey_budget_refused_total")
                .help("Requests refused because their key had spent its budget.")
                .labelNames("route", "budget")
                .register(meters);
        // So that the first one is an increase.
        for (String budget : List.of("tokens-per-day", "tokens-per-month", "cost-per-day", "cost-per-month")) {
            for (int percent : Budgets.WARNINGS) {
                reached.initLabelValues(budget, Integer.toString(percent));
            }
        }
    }

    void unsaid(String route) {
        unsaid.labelValues(route).inc();
    }

    void budgetReached(String budget, int percent) {
        reached.labelValues(budget, Integer.toString(percent)).inc();
    }

    void outOfBudget(String route, String budget) {
        outOfBudget.labelValues(route, budget).inc();
    }

    void count(String owner) {
        CounterDataPoint point = owners.get(owner);
        if (point == null) {
            String label = owner.isEmpty() ? "_none" : owners.size() < OWNERS_MAX ? owner : "_other";
            point = requests.labelValues(label);
            if (!label.equals("_other")) {
                owners.put(owner, point);
            }
        }
        point.inc();
    }

    void spend(String route, String model, long count, long costNanos) {
        tokens.labelValues(route, model).inc(count);
        cost.labelValues(route, model).inc(costNanos / 1e9);
    }
}
