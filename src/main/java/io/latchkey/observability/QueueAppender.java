package io.latchkey.observability;

import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.Appender;
import ch.qos.logback.core.UnsynchronizedAppenderBase;
import ch.qos.logback.core.spi.AppenderAttachable;
import ch.qos.logback.core.spi.AppenderAttachableImpl;
import java.util.Iterator;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/**
 * Hands log events to a thread of its own, and drops and counts them rather than wait for a stalled output. Logback's
 * own asynchronous appender either waits or drops uncounted.
 */
public final class QueueAppender extends UnsynchronizedAppenderBase<ILoggingEvent>
        implements AppenderAttachable<ILoggingEvent> {
    private static final LongAdder DROPPED = new LongAdder();
    private static final long FLUSH_MILLIS = 3000;

    private final AppenderAttachableImpl<ILoggingEvent> output = new AppenderAttachableImpl<>();
    private BlockingQueue<ILoggingEvent> queue = new ArrayBlockingQueue<>(8192);
    private @Nullable Thread writer;

    static long dropped() {
        return DROPPED.sum();
    }

    /** Events that may wait; set before the start. */
    public void setQueueSize(int queueSize) {
        queue = new ArrayBlockingQueue<>(queueSize);
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
        event.prepareForDeferredProcessing();
        if (!queue.offer(event)) {
            DROPPED.increment();
        }
    }

    private void write() {
        try {
            while (isStarted() || !queue.isEmpty()) {
                ILoggingEvent event = queue.poll(100, TimeUnit.MILLISECONDS);
                if (event != null) {
                    output.appendLoopOnAppenders(event);
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
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
