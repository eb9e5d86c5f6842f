package io.latchkey.ratelimit;

import io.latchkey.ratelimit.Lease.Count;
import io.latchkey.ratelimit.LimitStore.Taken;
import io.latchkey.ratelimit.LimitStore.Wish;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/** An account's counters in Redis, and what was paid to them in advance; asked by one thread at a time. */
final class Ledger {
    /** Redis may have been emptied: a refusal is not believed for longer. */
    private static final long REFUSAL_NANOS = Duration.ofSeconds(1).toNanos();

    private static final long NANOS_PER_MILLI = Duration.ofMillis(1).toNanos();

    private final LimitStore store;
    private final LimitMeters meters;
    private final String route;
    private final Policies policies;
    private final List<String> redisKeys;
    private final Slice slice;
    private final Paid paid;

    Ledger(Terms terms, String subject, String route, Policies policies) {
        store = terms.store();
        meters = terms.meters();
        this.route = route;
        this.policies = policies;
        redisKeys =
                policies.all().stream().map(policy -> policy.redisKey(subject)).toList();
        slice = new Slice(policies.calls());
        paid = new Paid(policies.size());
    }

    /** Calls for so many who wait, and for those to come; null when Redis is gone. What {@code held} held goes on. */
    @Nullable
    Lease ask(Lease held, int waiting, int nodes) {
        long asked = System.nanoTime();
        if (held.isOver(asked)) {
            paid.add(held, held.takeAll(), policies.cost());
        }
        long ahead = policies.exactOver(nodes) ? 0 : slice.next(asked, nodes);
        // Nodes that all want the rest find some of it.
        Taken taken = store.take(redisKeys, policies, new Wish(waiting, ahead, 2L * nodes), paid);
        if (taken == null) {
            return null;
        }
        for (int i = policies.enforced(); i < policies.size(); i++) {
            if (taken.shadowRefused(i) > 0) {
                meters.shadowRefused(route, policies.get(i).name(), taken.shadowRefused(i));
            }
        }
        return next(held, taken, waiting, asked, System.nanoTime());
    }

    private Lease next(Lease held, Taken taken, int waiting, long asked, long answered) {
        paid.settled(taken);
        boolean sameWindows = true;
        for (int i = 0; i < policies.size(); i++) {
            sameWindows &= taken.window(i) == held.counts().get(i).window();
        }
        long over = held.takeAll();
        if (!sameWindows) {
            paid.add(held, over, policies.cost());
            over = 0;
        }
        List<Count> counts = new ArrayList<>(policies.size());
        long usable = Long.MAX_VALUE;
        long refused = 0;
        for (int i = 0; i < policies.size(); i++) {
            long remaining = policies.get(i).quota() - taken.used(i) + paid.units(i);
            long nanos = taken.millisLeft(i) * NANOS_PER_MILLI;
            // Redis counted the rest somewhere between the two readings of the clock.
            counts.add(new Count(remaining, answered + nanos, taken.window(i)));
            usable = Math.min(usable, nanos);
            if (i < policies.enforced() && remaining < policies.cost()) {
                refused = Math.max(refused, nanos);
            }
        }
        long left = taken.ahead() + over;
        return new Lease(
                new AtomicLong(left),
                left == 0 ? -1 : left / 2,
                asked + usable,
                taken.granted(),
                counts,
                answered + Math.min(refused, REFUSAL_NANOS),
                taken.granted() < waiting);
    }
}
