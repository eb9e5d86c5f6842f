package io.latchkey.upstreams;

import io.latchkey.problems.Refusal;
import io.latchkey.problems.Refused;
import io.latchkey.routes.Route;
import java.time.Duration;
import java.util.List;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/** The servers of one route, and which of them is asked next: the less busy of two drawn by weight. */
final class Balancer {
    private final Route route;
    private final List<Upstream> upstreams;
    private final int[] weights;
    private final RetryBudget budget;
    private final Supplier<RandomGenerator> random;
    private final List<Upstream> asked;
    private final @Nullable Upstream only;

    Balancer(
            Route route,
            List<Upstream> upstreams,
            int[] weights,
            RetryBudget budget,
            Supplier<RandomGenerator> random) {
        this.route = route;
        this.upstreams = List.copyOf(upstreams);
        this.weights = weights.clone();
        this.budget = budget;
        this.random = random;
        this.asked = upstreams.stream()
                .filter(upstream -> weights[upstreams.indexOf(upstream)] > 0)
                .toList();
        this.only = asked.size() == 1 ? asked.getFirst() : null;
    }

    Route route() {
        return route;
    }

    List<Upstream> upstreams() {
        return upstreams;
    }

    /** Those that have a weight. */
    List<Upstream> asked() {
        return asked;
    }

    RetryBudget budget() {
        return budget;
    }

    Turn choose(List<Turn> before) {
        Turn turn = only == null ? draw(before) : only.breaker().mayAsk() ? only.take() : null;
        if (turn == null) {
            throw refused();
        }
        if (before.isEmpty()) {
            budget.offered();
        }
        return turn;
    }

    private @Nullable Turn draw(List<Turn> before) {
        // Checks that fail everywhere say more about the check than about the servers.
        boolean believed = isAnyUp();
        Turn turn = drawFrom(shares(before, believed));
        return turn != null || before.isEmpty() ? turn : drawFrom(shares(List.of(), believed));
    }

    private boolean isAnyUp() {
        for (int i = 0; i < asked.size(); i++) {
            if (!asked.get(i).isDown()) {
                return true;
            }
        }
        return false;
    }

    /** Each server's chance to be drawn; 0 for one that is not to be asked. */
    private long[] shares(List<Turn> before, boolean healthBelieved) {
        long[] shares = new long[weights.length];
        for (int i = 0; i < shares.length; i++) {
            Upstream upstream = upstreams.get(i);
            boolean asked = weights[i] > 0
                    && !(healthBelieved && upstream.isDown())
                    && !isTried(upstream, before)
                    && upstream.breaker().mayAsk();
            shares[i] = asked ? upstream.share(weights[i], route.slowStart()) : 0;
        }
        return shares;
    }

    private static boolean isTried(Upstream upstream, List<Turn> before) {
        for (int i = 0; i < before.size(); i++) {
            if (before.get(i).isAt(upstream)) {
                return true;
            }
        }
        return false;
    }

    private @Nullable Turn drawFrom(long[] shares) {
        long total = 0;
        for (long share : shares) {
            total += share;
        }
        while (total > 0) {
            int one = index(shares, total, -1);
            long others = total - shares[one];
            int chosen = one;
            if (others > 0) {
                int other = index(shares, others, one);
                chosen = isBusier(one, other, shares) ? other : one;
            }
            Turn turn = upstreams.get(chosen).take();
            if (turn != null) {
                return turn;
            }
            // Somebody else took the last permission meanwhile.
            total -= shares[chosen];
            shares[chosen] = 0;
        }
        return null;
    }

    private int index(long[] shares, long total, int except) {
        long at = random.get().nextLong(total);
        for (int i = 0; i < shares.length; i++) {
            if (i != except) {
                at -= shares[i];
                if (at < 0) {
                    return i;
                }
            }
        }
        throw new IllegalStateException("the shares are less than their sum");
    }

    /**
     * Whether {@code one} has more in flight for its share, with this request and without it.
     *
     * <p>Without: a small server that is idle keeps what it drew. With: a large one does not push its requests onto it.
     */
    private boolean isBusier(int one, int other, long[] shares) {
        long mine = upstreams.get(one).inFlight();
        long theirs = upstreams.get(other).inFlight();
        return mine * shares[other] > theirs * shares[one] && (mine + 1) * shares[other] > (theirs + 1) * shares[one];
    }

    private Refused refused() {
        long rest = Long.MAX_VALUE;
        for (Upstream upstream : asked) {
            rest = Math.min(rest, upstream.breaker().rest());
        }
        return new Refused(Refusal.CIRCUIT_OPEN, "The service behind this route is given time to recover.")
                .retryAfter(Duration.ofMillis(rest));
    }
}
