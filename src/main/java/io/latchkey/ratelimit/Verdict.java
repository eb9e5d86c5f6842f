package io.latchkey.ratelimit;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * Whether one call is let in, and what it leaves.
 *
 * @param left calls that others may still have of what {@code standing} no longer counts as remaining
 */
record Verdict(boolean passed, Lease standing, long left) {
    long remaining(int policy, int cost) {
        return Math.max(0, standing.counts().get(policy).remaining() + left * cost);
    }

    Duration reset(int policy, long now) {
        return Duration.ofNanos(Math.max(0, standing.counts().get(policy).end() - now));
    }

    /** The policies that have not enough left for another call; a call is refused by at least one. */
    List<Policy> violated(Policies policies) {
        List<Policy> violated = new ArrayList<>();
        for (int i = 0; i < policies.enforced(); i++) {
            if (remaining(i, policies.cost()) < policies.cost()) {
                violated.add(policies.get(i));
            }
        }
        return violated;
    }

    /** How long until all of them are fresh again. */
    Duration wait(Policies policies, long now) {
        Duration longest = Duration.ZERO;
        for (int i = 0; i < policies.enforced(); i++) {
            Duration reset = reset(i, now);
            if (remaining(i, policies.cost()) < policies.cost() && reset.compareTo(longest) > 0) {
                longest = reset;
            }
        }
        return longest;
    }
}
