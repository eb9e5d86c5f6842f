package io.latchkey.wire;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The clock that ends exchanges whose time is over, or whose caller is gone, wherever they are blocked.
 *
 * <p>It looks at all of them now and then instead of keeping a timer for each exchange: nearly every exchange ends
 * long before its deadline, and a timer would cost each of them a contended queue.
 */
final class Deadlines implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Deadlines.class);
    private static final long TICK_MILLIS = 20;
    private static final int TICKS_BETWEEN_LOOKS_AT_CALLERS = 25;

    private final Set<Term> running = ConcurrentHashMap.newKeySet();
    private final ScheduledExecutorService clock = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().daemon().name("deadlines").factory());
    private int ticks;

    Deadlines() {
        var unused = clock.scheduleWithFixedDelay(this::tick, TICK_MILLIS, TICK_MILLIS, TimeUnit.MILLISECONDS);
    }

    void watch(Term term) {
        running.add(term);
    }

    void forget(Term term) {
        running.remove(term);
    }

    /** On the clock's thread, so it must not block. */
    void every(long millis, Runnable work) {
        var unused = clock.scheduleWithFixedDelay(() -> guarded(work), millis, millis, TimeUnit.MILLISECONDS);
    }

    private void tick() {
        long now = System.nanoTime();
        ticks = (ticks + 1) % TICKS_BETWEEN_LOOKS_AT_CALLERS;
        for (Term term : running) {
            guarded(() -> {
                term.strikeIfOverdue(now);
                if (ticks == 0) {
                    term.strikeIfAbandoned();
                }
            });
        }
    }

    // An exception out of here would stop the clock for all others.
    private static void guarded(Runnable work) {
        try {
            work.run();
        } catch (RuntimeException e) {
            LOG.error("The clock of the upstream connections met a fault", e);
        }
    }

    @Override
    public void close() {
        clock.shutdownNow();
    }
}
