package io.latchkey.ratelimit;

import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** Those who need Redis for the same account at the same time: one goes, and asks for all who wait. */
final class Batch {
    /** A script must not hold Redis up. */
    private static final int MOST = 1_000;

    private final Queue<Ask> waiting = new ConcurrentLinkedQueue<>();
    private final AtomicBoolean away = new AtomicBoolean();

    /** One who waits. */
    static final class Ask {
        private final Thread thread = Thread.currentThread();
        private volatile @Nullable Verdict verdict;
        private volatile boolean answered;

        void answer(@Nullable Verdict answer) {
            verdict = answer;
            answered = true;
            LockSupport.unpark(thread);
        }
    }

    /**
     * Waits for a verdict, or fetches it.
     *
     * @param trip answers all that it is given, or says that it could not
     * @return null when Redis gave none
     */
    @Nullable
    Verdict join(Predicate<List<Ask>> trip) {
        Ask ask = new Ask();
        waiting.add(ask);
        boolean interrupted = false;
        while (!ask.answered) {
            if (away.compareAndSet(false, true)) {
                go(trip);
            } else {
                LockSupport.park(this);
                // The trip has a deadline; an interrupt that was left standing would make this a busy wait.
                interrupted |= Thread.interrupted();
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        return ask.verdict;
    }

    /** Makes a trip for nobody in particular, in the background, unless one is under way. */
    void ahead(Predicate<List<Ask>> trip) {
        if (away.compareAndSet(false, true)) {
            Thread.ofVirtual().name("limit-lease").start(() -> go(trip));
        }
    }

    private void go(Predicate<List<Ask>> trip) {
        List<Ask> asks = new ArrayList<>();
        boolean done = false;
        try {
            for (Ask ask = waiting.poll(); ask != null; ask = asks.size() < MOST ? waiting.poll() : null) {
                asks.add(ask);
            }
            done = trip.test(asks);
        } finally {
            if (!done) {
                // Redis kept these waiting for as long as anybody may: the others would wait as long again.
                for (Ask ask = waiting.poll(); ask != null; ask = waiting.poll()) {
                    asks.add(ask);
                }
                asks.forEach(ask -> ask.answer(null));
            }
            away.set(false);
            Ask next = waiting.peek();
            if (next != null) {
                LockSupport.unpark(next.thread);
            }
        }
    }
}
