package io.latchkey.ratelimit;

import java.time.Duration;

/** How many calls to take in advance: more while they are used up quickly, fewer while they lie about. */
final class Slice {
    private static final long QUICK_NANOS = Duration.ofMillis(100).toNanos();
    private static final long SLOW_NANOS = Duration.ofSeconds(1).toNanos();
    private static final long SMALLEST_PART = 1_000;
    private static final long LARGEST_PART = 20;

    private final long calls;
    private long size;
    private long takenAt = System.nanoTime();

    /** Of so many calls in a window. */
    Slice(long calls) {
        this.calls = calls;
    }

    /** Of the quota between a thousandth and a twentieth, shared among the nodes. */
    long next(long now, int nodes) {
        long since = now - takenAt;
        takenAt = now;
        long wanted = since < QUICK_NANOS ? size * 2 : since > SLOW_NANOS ? size / 2 : size;
        long largest = Math.max(1, calls / (LARGEST_PART * nodes));
        size = Math.clamp(wanted, Math.max(1, calls / (SMALLEST_PART * nodes)), largest);
        return size;
    }
}
