package io.latchkey.observability;

import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.Appender;
import ch.qos.logback.core.UnsynchronizedAppenderBase;
import ch.qos.logback.core.spi.AppenderAttachable;
import ch.qos.logback.core.spi.AppenderAttachableImpl;
import java.io.Flushable;
import java.io.IOException;
import java.util.Iterator;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Hands log events to a thread of its own, and drops and counts them rather than wait for a stalled output. Logback's
 * own asynchronous appender either waits or drops uncounted.
 */
public final class QueueAppender extends UnsynchronizedAppenderBase<ILoggingEvent>
        implements AppenderAttachable<ILoggingEvent> {
    private static final LongAdder DROPPED = new LongAdder();
    private static final long FLUSH_MILLIS = 3000;
    /** How long a line may wait: to wake the writer for each would cost more than the line. */
    private static final long NAP_NANOS = 5_000_000;

    private final AppenderAttachableImpl<ILoggingEvent> output = new AppenderAttachableImpl<>();
    private EventRing queue = new EventRing(8192);
    private boolean deferred = true;
    private @Nullable Thread writer;

    static long dropped() {
        return DROPPED.sum();
    }

    /** Events that may wait, at least; set before the start. */
    public void setQueueSize(int queueSize) {
        queue = new EventRing(queueSize);
    }

    /** False where the arguments cannot change any more, so that the message is made on the writer's thread. */
    public void setDeferred(boolean deferred) {
        this.deferred = deferred;
    }

    @Override
    public void start() {
        Thread thread = new Thread(this::write, "log-writer-" + getName());
        thread.setDaemon(true);
        writer = thread;
        super.start();
        thread.start();
    }

    /** Writes what waits, for a few seconds at most. */
    @Override
    public void stop() {
        super.stop();
        Thread thread = writer;
        if (thread != null) {
            try {
                thread.join(FLUSH_MILLIS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            thread.interrupt();
        }
        output.detachAndStopAllAppenders();
    }

    @Override
    protected void append(ILoggingEvent event) {
        if (deferred) {
            event.prepareForDeferredProcessing();
        }
        if (!queue.offer(event)) {
            DROPPED.increment();
        }
    }

    private void write() {
        while (isStarted() || !queue.isEmpty()) {
            ILoggingEvent event = queue.poll();
            if (event == null) {
                LockSupport.parkNanos(NAP_NANOS);
                if (Thread.interrupted()) {
                    return;
                }
                continue;
            }
            for (; event != null; event = queue.poll()) {
                output.appendLoopOnAppenders(event);
            }
            flush();
        }
    }

    private void flush() {
        for (Iterator<Appender<ILoggingEvent>> appenders = output.iteratorForAppenders(); appenders.hasNext(); ) {
            if (appenders.next() instanceof Flushable buffered) {
                try {
                    buffered.flush();
                } catch (IOException e) {
                    addError("The log cannot be written", e);
                }
            }
        }
    }

    @Override
    public void addAppender(Appender<ILoggingEvent> appender) {
        output.addAppender(appender);
    }

    @Override
    public Iterator<Appender<ILoggingEvent>> iteratorForAppenders() {
        return output.iteratorForAppenders();
    }

    @Override
    public @Nullable Appender<ILoggingEvent> getAppender(String name) {
        return output.getAppender(name);
    }

    @Override
    public boolean isAttached(Appender<ILoggingEvent> appender) {
        return output.isAttached(appender);
    }

    @Override
    public void detachAndStopAllAppenders() {
        output.detachAndStopAllAppenders();
    }

    @Override
    public boolean detachAppender(Appender<ILoggingEvent> appender) {
        return output.detachAppender(appender);
    }

    @Override
    public boolean detachAppender(String name) {
        return output.detachAppender(name);
    }
}
