package io.latchkey.store;

import java.time.Instant;
import java.time.InstantSource;
import java.util.concurrent.TimeUnit;

/**
 * The one clock: it runs on the monotonic clock and is set by Redis, so that all nodes agree.
 *
 * <p>Until Redis was asked, the system clock sets it; while Redis is gone, it runs on.
 */
final class StoreClock implements InstantSource {
    // Half of it is the worst error of a sample.
    private static final long LONGEST_ROUND_TRIP = TimeUnit.MILLISECONDS.toNanos(20);

    private volatile long offset;
    private volatile boolean measured;

    StoreClock() {
        offset = TimeUnit.MILLISECONDS.toNanos(System.currentTimeMillis()) - System.nanoTime();
    }

    @Override
    public Instant instant() {
        // Redis knows milliseconds: what is stored, compared and shown is the same instant.
        return Instant.ofEpochMilli(millis());
    }

    @Override
    public long millis() {
        return nanos() / 1_000_000L;
    }

    /** Redis said {@code epochMicros} somewhere between the two readings of the monotonic clock. */
    synchronized void measured(long sentNanos, long receivedNanos, long epochMicros) {
        long roundTrip = receivedNanos - sentNanos;
        long error = roundTrip / 2;
        long sample = TimeUnit.MICROSECONDS.toNanos(epochMicros) - (sentNanos + error);
        long difference = sample - offset;
        // A difference smaller than the sample's own error is noise, and correcting by noise would run the clock back.
        boolean certain = Math.abs(difference) > error;
        if (roundTrip > LONGEST_ROUND_TRIP) {
            // Too vague to be followed; but a clock that it cannot explain is wrong, by what is beyond its error.
            offset += certain ? difference - Long.signum(difference) * error : 0;
        } else if (!measured || certain) {
            offset = sample;
            measured = true;
        }
    }

    private long nanos() {
        return System.nanoTime() + offset;
    }
}
