package io.latchkey.wire;

import io.latchkey.wire.WireFailure.Kind;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** The connections to one upstream; the one used last is lent first, so that those not needed grow old and end. */
final class Pool {
    private final Endpoint endpoint;
    private final WireProperties properties;
    private final Dialer dialer;
    private final Deadlines deadlines;
    private final Semaphore free;
    private final ConcurrentLinkedDeque<Connection> idle = new ConcurrentLinkedDeque<>();
    private volatile boolean closed;
    private volatile long doubtedAt;

    Pool(Endpoint endpoint, WireProperties properties, Dialer dialer, Deadlines deadlines) {
        this.endpoint = endpoint;
        this.properties = properties;
        this.dialer = dialer;
        this.deadlines = deadlines;
        this.free = new Semaphore(properties.maxConnectionsPerUpstream());
        this.doubtedAt = System.nanoTime();
    }

    /** An idle connection, or a new one; {@code patience} bounds the wait for either. */
    Connection lend(Duration patience, long end) throws WireFailure {
        long by = Math.min(System.nanoTime() + patience.toNanos(), end);
        takePermit(by);
        try {
            Connection connection = pollIdle();
            if (connection != null) {
                connection.lend(end, /* wasIdle= */ true);
                return connection;
            }
            return connect(by, end);
        } catch (WireFailure | RuntimeException | Error e) {
            free.release();
            throw e;
        }
    }

    private void takePermit(long by) throws WireFailure {
        try {
            if (!free.tryAcquire() && !free.tryAcquire(by - System.nanoTime(), TimeUnit.NANOSECONDS)) {
                throw new WireFailure(Kind.NO_ROOM, "all connections are in use", null);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new WireFailure(Kind.NO_ROOM, "interrupted", e);
        }
    }

    private @Nullable Connection pollIdle() {
        long now = System.nanoTime();
        for (Connection connection = idle.pollFirst(); connection != null; connection = idle.pollFirst()) {
            long idleNanos = connection.idleNanos(now);
            boolean fresh = !connection.lastOmittedABody()
                    && idleNanos < properties.checkAfterIdle().toNanos()
                    && idleNanos < now - doubtedAt;
            if (connection.isUsableAt(now) && (fresh || !connection.isStale())) {
                return connection;
            }
            discard(connection);
        }
        return null;
    }

    private Connection connect(long by, long end) throws WireFailure {
        Transport transport = dialer.dial(endpoint, by);
        long bornAt = System.nanoTime();
        Connection connection = new Connection(
                this, transport, bornAt + properties.connectionAge().toNanos());
        deadlines.watch(connection.term());
        // Its handshake is a part of connecting.
        connection.lend(by, /* wasIdle= */ false);
        try {
            if (transport instanceof TlsTransport secured) {
                secured.shakeHands();
            }
            connection.endAt(end);
            return connection;
        } catch (IOException | RuntimeException e) {
            Kind kind = connection.struck() == null ? Kind.UNREACHABLE : Kind.CONNECT_TIMEOUT;
            boolean unused = connection.letGo();
            discard(connection);
            throw new WireFailure(kind, "no connection", e);
        }
    }

    /** The connection's exchange is over, and nothing of it is left on the line. */
    void takeBack(Connection connection, int keepAliveSeconds) {
        long idleNanos = Math.min(properties.connectionIdle().toNanos(), TimeUnit.SECONDS.toNanos(keepAliveSeconds));
        connection.rest(System.nanoTime(), idleNanos);
        idle.addFirst(connection);
        free.release();
        if (closed) {
            retireAll();
        }
    }

    /** One had ended while it was idle: those that were idle meanwhile may have, too. */
    void doubt() {
        doubtedAt = System.nanoTime();
    }

    /** The connection's exchange is over, and the connection with it. */
    void dispose(Connection connection) {
        deadlines.forget(connection.term());
        free.release();
    }

    private void discard(Connection connection) {
        deadlines.forget(connection.term());
        connection.retire();
    }

    /** Ends what has been idle for too long. */
    void tidy() {
        long now = System.nanoTime();
        for (Connection connection : idle) {
            if (!connection.isUsableAt(now) && idle.remove(connection)) {
                discard(connection);
            }
        }
    }

    /** Connects until that many connections are there, in use or idle. */
    void keepWarm(int count, Duration patience) throws WireFailure {
        while (!closed && idle.size() + inUse() < count && free.tryAcquire()) {
            try {
                long by = System.nanoTime() + patience.toNanos();
                Connection connection = connect(by, by);
                if (!connection.letGo()) {
                    discard(connection);
                    throw new WireFailure(Kind.CONNECT_TIMEOUT, "no connection in time", null);
                }
                connection.rest(System.nanoTime(), properties.connectionIdle().toNanos());
                idle.addLast(connection);
            } finally {
                free.release();
            }
            if (closed) {
                retireAll();
            }
        }
    }

    int idle() {
        return idle.size();
    }

    int inUse() {
        return properties.maxConnectionsPerUpstream() - free.availablePermits();
    }

    Endpoint endpoint() {
        return endpoint;
    }

    void close() {
        closed = true;
        retireAll();
    }

    private void retireAll() {
        for (Connection connection = idle.pollFirst(); connection != null; connection = idle.pollFirst()) {
            discard(connection);
        }
    }
}
