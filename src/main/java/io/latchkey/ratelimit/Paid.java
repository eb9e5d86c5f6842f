package io.latchkey.ratelimit;

import io.latchkey.ratelimit.Lease.Count;
import io.latchkey.ratelimit.LimitStore.Taken;

/**
 * What was taken of each policy in advance and lapsed unused: a lease ends with its shortest window, and in the longer
 * ones it still counts.
 */
final class Paid {
    private final long[] units;
    private final long[] windows;

    Paid(int policies) {
        units = new long[policies];
        windows = new long[policies];
    }

    long units(int policy) {
        return units[policy];
    }

    /** The window that they were taken from; in any other they are worth nothing. */
    long window(int policy) {
        return windows[policy];
    }

    void settled(Taken taken) {
        for (int i = 0; i < units.length; i++) {
            units[i] = taken.paid(i);
            windows[i] = taken.window(i);
        }
    }

    /** The rest of a lease. */
    void add(Lease lease, long calls, int cost) {
        for (int i = 0; i < units.length; i++) {
            Count count = lease.counts().get(i);
            if (count.window() > windows[i]) {
                units[i] = 0;
                windows[i] = count.window();
            }
            // Of a window that is over nothing is left to be had.
            if (count.window() == windows[i]) {
                units[i] += calls * cost;
            }
        }
    }
}
