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

/** Looks once a second for connections whose request header is overdue; an idle timeout starts anew with every byte. */
final class HeaderDeadline extends AbstractLifeCycle {
    private final AbstractConnector connector;
    private final long limitNanos;
    private volatile Scheduler.@Nullable Task next;

    HeaderDeadline(AbstractConnector connector, Duration limit) {
        this.connector = connector;
        this.limitNanos = limit.toNanos();
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
                        && waiting.getConnection() instanceof PunctualConnection connection
                        && connection.headerOverdue(limitNanos)) {
                    // Succeeds only while nobody is reading, so a header that is complete after all is not harmed.
                    waiting.getFillInterest().onFail(new TimeoutException("header overdue"));
                }
            }
        } finally {
            schedule();
        }
    }
}
