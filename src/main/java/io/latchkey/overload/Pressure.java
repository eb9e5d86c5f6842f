package io.latchkey.overload;

import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/**
 * How long what callers sent waits for a processor, and which share of the requests must therefore go.
 *
 * <p>A probe measures it: it goes through the {@link Turnstile} like anybody's request and says when it ran. Timing the
 * requests themselves would miss it, for their first byte is read by the very thread that had to wait. The share grows
 * while the delay lasts and shrinks as soon as it is over, so that load settles just below what the processors can do.
 */
@Component
final class Pressure implements AutoCloseable {
    static final int ALL = 1000;

    /** A fifth: clients that ask again at once must not cost the others more than that, whatever a refusal costs. */
    private static final int MOST = 200;

    private static final int STEP = 10;
    private static final long TICK_MILLIS = 20;
    private static final long LASTING_NANOS = TimeUnit.MILLISECONDS.toNanos(500);

    private final Turnstile turnstile;
    private final long maxDelayNanos;
    private final ScheduledExecutorService clock = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().daemon().name("pressure").factory());
    private final @Nullable ScheduledFuture<?> ticks;
    private Probe probe = new Probe();
    private long bearableAt = System.nanoTime();
    private volatile int share;
    private volatile long delayNanos;

    Pressure(OverloadProperties properties, Turnstile turnstile) {
        this.turnstile = turnstile;
        this.maxDelayNanos = properties.maxDelay().toNanos();
        turnstile.execute(probe);
        this.ticks = maxDelayNanos == 0
                ? null
                : clock.scheduleWithFixedDelay(this::tick, TICK_MILLIS, TICK_MILLIS, TimeUnit.MILLISECONDS);
    }

    /** Of {@link #ALL}. */
    int shareToShed() {
        return share;
    }

    long delayNanos() {
        return delayNanos;
    }

    private void tick() {
        long now = System.nanoTime();
        boolean ran = probe.ranAt != 0;
        judge((ran ? probe.ranAt : now) - probe.born, now);
        if (ran) {
            probe = new Probe();
            turnstile.execute(probe);
        }
    }

    void judge(long delay, long now) {
        delayNanos = delay;
        if (delay < maxDelayNanos) {
            bearableAt = now;
            share = Math.max(0, share - STEP);
        } else if (now - bearableAt > LASTING_NANOS) {
            share = Math.min(MOST, share + STEP);
        }
    }

    @Override
    public void close() {
        if (ticks != null) {
            ticks.cancel(false);
        }
        clock.shutdownNow();
    }

    private static final class Probe implements Runnable {
        private final long born = System.nanoTime();
        private volatile long ranAt;

        @Override
        public void run() {
            ranAt = System.nanoTime() | 1;
        }
    }
}
