package io.latchkey.ratelimit;

import io.latchkey.keys.KeyProfile;
import io.latchkey.problems.Window;
import io.latchkey.routes.Route;
import io.latchkey.routes.RouteMatch;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * All that one caller's calls of one route count against; those that refuse come first.
 *
 * @param enforced how many of them refuse
 * @param cost what a call takes from each
 * @param exact whether one of them asks for it
 * @param calls how many calls the smallest allows
 */
record Policies(List<Policy> all, int enforced, int cost, boolean exact, long calls) {
    /** Below this many calls for each live node a lease would be too large a part of the quota. */
    private static final long CALLS_PER_NODE = 100;

    private static Policies of(List<Policy> policies, int cost) {
        List<Policy> sorted = new ArrayList<>(
                policies.stream().filter(policy -> !policy.shadow()).toList());
        int enforced = sorted.size();
        policies.stream().filter(Policy::shadow).forEach(sorted::add);
        return new Policies(
                List.copyOf(sorted),
                enforced,
                cost,
                sorted.stream().anyMatch(Policy::exact),
                sorted.stream().mapToLong(policy -> policy.quota() / cost).min().orElse(Long.MAX_VALUE));
    }

    /** The route's limits, in place of each the key's own of the same name, and the key's others; else the default. */
    static Policies of(RouteMatch match, @Nullable KeyProfile key, RateLimitProperties properties) {
        Map<String, Policy> policies = new LinkedHashMap<>();
        Route route = match.proxied();
        for (Route.Limit limit :
                route == null ? List.<Route.Limit>of() : route.admission().limits()) {
            Window window = Window.parse(limit.window());
            if (window != null) {
                policies.put(
                        limit.name(),
                        new Policy(limit.name(), match.label(), limit.quota(), window, limit.exact(), limit.shadow()));
            }
        }
        for (KeyProfile.Limit limit : key == null ? List.<KeyProfile.Limit>of() : key.limits()) {
            Window window = Window.parse(limit.window());
            // Keys stored before windows were checked may hold one that is none.
            if (window != null) {
                boolean exact = limit.accuracy().equals("exact");
                policies.put(
                        limit.name(), new Policy(limit.name(), Policy.EVERYWHERE, limit.quota(), window, exact, false));
            }
        }
        List<Policy> all = new ArrayList<>(policies.values());
        if (all.stream().allMatch(Policy::shadow)) {
            all.add(key == null ? forAddress(match.label(), properties) : forKey(properties));
        }
        return of(all, route == null ? 1 : route.admission().cost());
    }

    private static Policy forKey(RateLimitProperties properties) {
        Window window = new Window(properties.defaultWindow().toString(), properties.defaultWindow());
        return new Policy("burst", Policy.EVERYWHERE, properties.defaultQuota(), window, false, false);
    }

    private static Policy forAddress(String route, RateLimitProperties properties) {
        Window window = new Window(properties.addressWindow().toString(), properties.addressWindow());
        return new Policy("address", route, properties.addressQuota(), window, false, false);
    }

    int size() {
        return all.size();
    }

    Policy get(int index) {
        return all.get(index);
    }

    /** Whether each call has to be counted in Redis before it goes on. */
    boolean exactOver(int nodes) {
        return exact || calls < CALLS_PER_NODE * nodes;
    }
}
