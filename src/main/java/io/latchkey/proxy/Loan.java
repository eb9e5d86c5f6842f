package io.latchkey.proxy;

import io.latchkey.routes.Route;
import java.io.IOException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.ReentrantLock;
import org.apache.hc.client5.http.impl.ConnectionShutdownException;
import org.apache.hc.client5.http.io.ConnectionEndpoint;
import org.apache.hc.client5.http.io.HttpClientConnectionManager;
import org.apache.hc.core5.http.protocol.HttpContext;
import org.apache.hc.core5.io.CloseMode;
import org.apache.hc.core5.util.TimeValue;
import org.apache.hc.core5.util.Timeout;
import org.jspecify.annotations.Nullable;

/**
 * A connection on loan to one thread, taken away again when its deadline passes.
 *
 * <p>The lock settles the race between the deadline and the return: a connection that went back to the pool is never
 * closed under its next user, and the thread is never interrupted for what it has finished.
 */
final class Loan implements AutoCloseable {
    private final Upstream upstream;
    private final HttpClientConnectionManager connections;
    private final Deadlines deadlines;
    private final Thread worker = Thread.currentThread();

    private final ReentrantLock lock = new ReentrantLock();
    private @Nullable ConnectionEndpoint endpoint;
    private boolean overdue;
    private boolean closed;

    private volatile long deadline;

    Loan(Upstream upstream, HttpClientConnectionManager connections, Deadlines deadlines, long deadline) {
        this.upstream = upstream;
        this.connections = connections;
        this.deadlines = deadlines;
        this.deadline = deadline;
        upstream.inFlight().incrementAndGet();
        deadlines.watch(this);
    }

    /** Takes a pooled connection or makes a new one; refused when neither can be had in time. */
    void connect(Route.Timeout timeout, HttpContext context) {
        Timeout patience = Timeout.of(timeout.connect());
        try {
            ConnectionEndpoint leased =
                    connections.lease("", upstream.route(), patience, null).get(patience);
            hold(leased);
            if (!leased.isConnected()) {
                connections.connect(leased, patience, context);
            }
        } catch (TimeoutException e) {
            throw Failures.noConnectionFree();
        } catch (InterruptedException e) {
            if (!isOverdue()) {
                worker.interrupt();
            }
            throw Failures.upstreamTooSlow(e);
        } catch (ExecutionException | IOException | ConnectionShutdownException e) {
            throw isOverdue() ? Failures.upstreamTooSlow(e) : Failures.connecting(e);
        }
    }

    private void hold(ConnectionEndpoint leased) {
        lock.lock();
        try {
            endpoint = leased;
        } finally {
            lock.unlock();
        }
    }

    ConnectionEndpoint connection() {
        if (endpoint == null) {
            throw new IllegalStateException("not connected");
        }
        return endpoint;
    }

    /** In terms of {@link System#nanoTime}. */
    void endAt(long nanos) {
        deadline = nanos;
    }

    void endIfOverdue(long now) {
        if (now - deadline < 0) {
            return;
        }
        lock.lock();
        try {
            if (!closed && !overdue) {
                overdue = true;
                resetConnection();
                // The thread may be blocked on the caller's connection instead, which is not ours to close here.
                worker.interrupt();
            }
        } finally {
            lock.unlock();
        }
    }

    boolean isOverdue() {
        lock.lock();
        try {
            return overdue;
        } finally {
            lock.unlock();
        }
    }

    /** Resets the connection at once; the other side sees an abort, never a proper end. */
    void abort() {
        lock.lock();
        try {
            resetConnection();
        } finally {
            lock.unlock();
        }
    }

    private void resetConnection() {
        if (endpoint != null && !closed) {
            endpoint.close(CloseMode.IMMEDIATE);
        }
    }

    /** Gives the connection back for others to use, for as long as it stays idle no longer than that. */
    void giveBack(TimeValue keepFor) {
        end(keepFor);
    }

    @Override
    public void close() {
        end(null);
    }

    private void end(@Nullable TimeValue keepFor) {
        boolean keep;
        lock.lock();
        try {
            if (closed) {
                return;
            }
            keep = keepFor != null && !overdue;
            if (!keep) {
                resetConnection();
            }
            closed = true;
            if (overdue) {
                Thread.interrupted();
            }
        } finally {
            lock.unlock();
        }
        deadlines.forget(this);
        upstream.inFlight().decrementAndGet();
        if (endpoint != null) {
            connections.release(endpoint, null, keep ? keepFor : TimeValue.ZERO_MILLISECONDS);
        }
    }
}
