package io.latchkey.upstreams;

import java.time.InstantSource;
import java.util.concurrent.atomic.LongAdder;

/** Keeps the retries of a route below a fifth of its requests, over the last ten seconds. */
final class RetryBudget {
    private static final int SECONDS = 10;
    private static final int REQUESTS_PER_RETRY = 5;

    /** So many are allowed in any case: a fifth of nearly nothing would be nothing. */
    static final int FLOOR = 10;

    private final InstantSource time;
    private final LongAdder requests = new LongAdder();
    // What was counted before each of the last seconds began.
    private final long[] requestsBefore = new long[SECONDS];
    private final long[] retriesBefore = new long[SECONDS];
    private volatile long second;
    private volatile long retries;
    private volatile long refused;

    RetryBudget(InstantSource time) {
        this.time = time;
        this.second = time.millis() / 1000;
    }

    /** A request came. */
    void offered() {
        long now = time.millis() / 1000;
        if (now > second) {
            moveTo(now);
        }
        requests.increment();
    }

    /** Whether there may be one more retry, which is then counted. */
    synchronized boolean take() {
        moveTo(time.millis() / 1000);
        int oldest = (int) ((second + 1) % SECONDS);
        long recent = requests.sum() - requestsBefore[oldest];
        long used = retries - retriesBefore[oldest];
        if (used >= Math.max(FLOOR, recent / REQUESTS_PER_RETRY)) {
            refused++;
            return false;
        }
        retries++;
        return true;
    }

    private synchronized void moveTo(long now) {
        long from = Math.max(second + 1, now - SECONDS + 1);
        for (long at = from; at <= now; at++) {
            requestsBefore[(int) (at % SECONDS)] = requests.sum();
            retriesBefore[(int) (at % SECONDS)] = retries;
        }
        second = Math.max(second, now);
    }

    long allowed() {
        return retries;
    }

    long refused() {
        return refused;
    }
}
