package io.latchkey.proxy;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The closer that ends loans of connections whose time is over, wherever they are blocked.
 *
 * <p>It looks at all open loans now and then instead of keeping a timer for each: nearly every loan ends long
 * before its deadline, and a timer would cost each of them a contended queue.
 */
final class Deadlines implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Deadlines.class);
    private static final long TICK_MILLIS = 20;

    private final Set<Loan> open = ConcurrentHashMap.newKeySet();
    private final ScheduledExecutorService clock = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().daemon().name("deadlines").factory());
    private final ScheduledFuture<?> ticks =
            clock.scheduleWithFixedDelay(this::endOverdue, TICK_MILLIS, TICK_MILLIS, TimeUnit.MILLISECONDS);

    void watch(Loan loan) {
        open.add(loan);
    }

    void forget(Loan loan) {
        open.remove(loan);
    }

    private void endOverdue() {
        long now = System.nanoTime();
        for (Loan loan : open) {
            try {
                loan.endIfOverdue(now);
            } catch (RuntimeException e) {
                // An exception out of here would stop the clock for all others.
                LOG.error("An overdue loan could not be ended", e);
            }
        }
    }

    @Override
    public void close() {
        ticks.cancel(false);
        clock.shutdownNow();
    }
}
