package io.latchkey.keys;

import io.latchkey.problems.Refusal;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;

/** The beat on which strangers are refused: however it was found out, the time it took tells them nothing. */
final class Beat {
    /** Longer than a look-up takes, and short enough to hold no caller up. */
    private static final long NANOS = Duration.ofMillis(2).toNanos();

    private Beat() {}

    /** Only what is unknown waits for the next beat; who holds a key may know how long that took. */
    static void await(Refusal refusal, long begun) {
        if (refusal == Refusal.KEY_UNKNOWN) {
            long beats = (System.nanoTime() - begun) / NANOS + 1;
            long end = begun + beats * NANOS;
            for (long rest = end - System.nanoTime(); rest > 0; rest = end - System.nanoTime()) {
                LockSupport.parkNanos(rest);
            }
        }
    }
}
