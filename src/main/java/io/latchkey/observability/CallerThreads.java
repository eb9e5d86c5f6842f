package io.latchkey.observability;

import io.latchkey.overload.Turnstile;
import org.eclipse.jetty.util.thread.VirtualThreadPool;

/** Jetty's threads: virtual ones, which begin at the turnstile. */
final class CallerThreads extends VirtualThreadPool {
    private final Turnstile turnstile;

    CallerThreads(Turnstile turnstile) {
        this.turnstile = turnstile;
        setVirtualThreadsExecutor(turnstile);
    }

    /**
     * False in a crowd. Then the thread that looks for new work only looks, and hands each task to the turnstile;
     * otherwise it does the work itself while another looks. That saves a thread a request, but who has finished a
     * request begins the next one at once, however many others have begun and wait for a processor.
     */
    @Override
    public boolean tryExecute(Runnable task) {
        return !turnstile.isCrowded() && super.tryExecute(task);
    }
}
