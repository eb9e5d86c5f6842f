package io.latchkey.overload;

import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/**
 * Starts a thread for what callers sent no faster than threads get to run. So what has begun is finished before more
 * begins, and who waits in a crowd holds nothing but a connection.
 */
@Component
public final class Turnstile implements Executor {
    /** Started and not running yet: enough to keep every processor busy, and no more. */
    static final int STARTING = 8 * Runtime.getRuntime().availableProcessors();

    static final int CROWD = 4 * STARTING;

    // Those who wait, and those who were started and do not run yet.
    private final AtomicInteger outside = new AtomicInteger();
    private final Queue<Runnable> waiting = new ConcurrentLinkedQueue<>();

    private final Executor threads;

    Turnstile() {
        this(task -> Thread.ofVirtual().name("caller").start(task));
    }

    Turnstile(Executor threads) {
        this.threads = threads;
    }

    @Override
    public void execute(Runnable task) {
        if (outside.incrementAndGet() > STARTING) {
            waiting.add(task);
            return;
        }
        try {
            start(task);
        } catch (RuntimeException | Error e) {
            outside.decrementAndGet();
            throw e;
        }
    }

    /** Whether more wait than a few busy connections would explain. */
    public boolean isCrowded() {
        return outside.get() > CROWD;
    }

    private void start(Runnable task) {
        threads.execute(() -> run(task));
    }

    private void run(Runnable task) {
        // Before anything that may wait, so that the turnstile never stands still.
        Runnable unstarted = outside.getAndDecrement() > STARTING ? tryToStart(next()) : null;
        try {
            task.run();
        } finally {
            if (unstarted != null) {
                run(unstarted);
            }
        }
    }

    /** Null when it was started. Where no thread is to be had, this one does its work as well. */
    private @Nullable Runnable tryToStart(Runnable task) {
        try {
            start(task);
            return null;
        } catch (RuntimeException | Error e) {
            return task;
        }
    }

    /** Counted already, so it is there, or about to be. */
    private Runnable next() {
        Runnable next = waiting.poll();
        while (next == null) {
            Thread.onSpinWait();
            next = waiting.poll();
        }
        return next;
    }
}
