package io.latchkey.ratelimit;

import java.util.Collections;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;

/**
 * What Redis last said of an account's policies, and the calls that this node took from it in advance.
 *
 * @param left calls in hand
 * @param low when so many are left, it is time for more
 * @param usableUntil after this they are worth nothing (monotonic): a window has ended
 * @param granted how many of those who waited were let in
 * @param counts of each policy where it stands
 * @param refusedUntil until then nobody need ask again (monotonic)
 * @param refused whether the last that asked got nothing
 */
record Lease(
        AtomicLong left,
        long low,
        long usableUntil,
        int granted,
        List<Count> counts,
        long refusedUntil,
        boolean refused) {

    /**
     * Where one policy stands.
     *
     * @param remaining units that are not taken yet
     * @param end when its window ends, never too early (monotonic)
     * @param window which window that is; 0 = not begun
     */
    record Count(long remaining, long end, long window) {}

    Lease {
        counts = List.copyOf(counts);
    }

    static Lease none(int policies) {
        List<Count> counts = Collections.nCopies(policies, new Count(0, 0, 0));
        return new Lease(new AtomicLong(), -1, System.nanoTime(), 0, counts, 0, false);
    }

    /** Takes one call; the number that are then left, or below 0. */
    long take(long now) {
        return left.getPlain() > 0 && now - usableUntil < 0 ? left.decrementAndGet() : -1;
    }

    /** Takes all calls that are left. */
    long takeAll() {
        return Math.max(0, left.getAndSet(0));
    }

    boolean isOver(long now) {
        return now - usableUntil >= 0;
    }

    boolean refuses(long now) {
        return refused && now - refusedUntil < 0;
    }
}
