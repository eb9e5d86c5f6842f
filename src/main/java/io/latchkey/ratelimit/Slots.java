package io.latchkey.ratelimit;

import java.util.concurrent.atomic.AtomicInteger;

/** How many requests are under way on this node. */
final class Slots {
    private final AtomicInteger taken = new AtomicInteger();

    /** False when {@code most} are taken. */
    boolean take(int most) {
        int before = taken.get();
        while (before < most) {
            if (taken.compareAndSet(before, before + 1)) {
                return true;
            }
            before = taken.get();
        }
        return false;
    }

    void giveBack() {
        taken.decrementAndGet();
    }
}
