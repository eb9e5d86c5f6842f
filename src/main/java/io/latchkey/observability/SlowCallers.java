package io.latchkey.observability;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.eclipse.jetty.io.AbstractEndPoint;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.server.AbstractConnector;
import org.eclipse.jetty.util.component.AbstractLifeCycle;
import org.eclipse.jetty.util.thread.Scheduler;
import org.jspecify.annotations.Nullable;

/**
 * Looks once a second for connections whose request header is overdue, whose request body trickles in, or whose caller
 * does not take its answer; an idle timeout starts anew with every byte.
 */
final class SlowCallers extends AbstractLifeCycle {
    private final AbstractConnector connector;
    private final long headerNanos;
    private final long writeNanos;
    private volatile Scheduler.@Nullable Task next;

    /** {@code write}: how long one write of an answer may take; zero = as long as it likes. */
    SlowCallers(AbstractConnector connector, Duration header, Duration write) {
        this.connector = connector;
        this.headerNanos = header.toNanos();
        this.writeNanos = write.toNanos();
    }

    @Override
    protected void doStart() {
        schedule();
    }

    @Override
    protected void doStop() {
        Scheduler.Task task = next;
        if (task != null) {
            task.cancel();
        }
    }

    private void schedule() {
        next = connector.getScheduler().schedule(this::sweep, 1, TimeUnit.SECONDS);
    }

    private void sweep() {
        if (!isStarted()) {
            return;
        }
        try {
            for (EndPoint endPoint : connector.getConnectedEndPoints()) {
                if (endPoint instanceof AbstractEndPoint waiting
                        && waiting.getConnection() instanceof PunctualConnection connection) {
                    look(waiting, connection);
                }
            }
        } finally {
            schedule();
        }
    }

    private void look(AbstractEndPoint endPoint, PunctualConnection connection) {
        if (connection.headerOverdue(headerNanos)) {
            // Succeeds only while nobody is reading, so a header that is complete after all is not harmed.
            endPoint.getFillInterest().onFail(new TimeoutException("header overdue"));
        }
        connection.endSlowBody();
        boolean blocked = endPoint.getWriteFlusher().isPending();
        if (connection.writeOverdue(blocked, writeNanos) && writeNanos > 0) {
            // The thread that writes gets this as the failure of its write.
            endPoint.getWriteFlusher().onFail(new TimeoutException("the caller does not take its answer"));
        }
    }
}
