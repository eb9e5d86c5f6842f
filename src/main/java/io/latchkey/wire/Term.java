package io.latchkey.wire;

import io.latchkey.wire.WireFailure.Kind;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The time that one exchange has on a connection, and what the clock does when it is over.
 *
 * <p>The deadline itself says which exchange it belongs to: the clock ends the one whose deadline it saw, and never the
 * next one on the same connection.
 */
final class Term {
    /** No exchange has the connection. Like {@link #STRUCK} no time that {@link System#nanoTime} gives in practice. */
    private static final long IDLE = Long.MIN_VALUE;
    /** The clock has ended the exchange. */
    private static final long STRUCK = Long.MIN_VALUE + 1;

    private final Runnable reset;
    private final AtomicLong deadline = new AtomicLong(IDLE);
    private final ReentrantLock striking = new ReentrantLock();
    private volatile Kind struckFor = Kind.OVERDUE;
    private volatile @Nullable Thread worker;
    private volatile @Nullable BooleanSupplier callerIsGone;

    Term(Runnable reset) {
        this.reset = reset;
    }

    /** For the calling thread, until {@code end} in terms of {@link System#nanoTime}. */
    void begin(long end) {
        worker = Thread.currentThread();
        deadline.set(end);
    }

    /** Moves the end; false when the clock has struck, or the exchange is over. */
    boolean move(long end) {
        long now = deadline.get();
        return now != STRUCK && now != IDLE && deadline.compareAndSet(now, end);
    }

    void endWhen(BooleanSupplier gone) {
        callerIsGone = gone;
    }

    /** From now on only the deadline counts, and it interrupts nobody. */
    void forgetPeople() {
        callerIsGone = null;
        worker = null;
    }

    boolean isRunning() {
        return deadline.get() != IDLE;
    }

    /** Why the clock has ended the exchange; null when it has not. */
    @Nullable
    Kind struck() {
        return deadline.get() == STRUCK ? struckFor : null;
    }

    /** Takes the exchange away from the clock; false when that was faster. */
    boolean end() {
        forgetPeople();
        long end = deadline.get();
        if (end != STRUCK && deadline.compareAndSet(end, IDLE)) {
            return true;
        }
        // The clock may be about to interrupt this thread, which must not meet it in its next work.
        striking.lock();
        try {
            deadline.set(IDLE);
            boolean unused = Thread.interrupted();
        } finally {
            striking.unlock();
        }
        return false;
    }

    void strikeIfOverdue(long now) {
        long end = deadline.get();
        if (end != IDLE && end != STRUCK && now - end >= 0) {
            strike(end, Kind.OVERDUE);
        }
    }

    void strikeIfAbandoned() {
        // In this order: whose caller it is that has gone may change in between, and then the deadline has as well.
        long end = deadline.get();
        BooleanSupplier gone = callerIsGone;
        if (gone != null && end != IDLE && end != STRUCK && gone.getAsBoolean()) {
            strike(end, Kind.ABANDONED);
        }
    }

    private void strike(long end, Kind reason) {
        striking.lock();
        try {
            struckFor = reason;
            if (deadline.compareAndSet(end, STRUCK)) {
                reset.run();
                Thread blocked = worker;
                if (blocked != null) {
                    // It may be blocked on the caller's connection instead, which is not ours to close here.
                    blocked.interrupt();
                }
            }
        } finally {
            striking.unlock();
        }
    }
}
