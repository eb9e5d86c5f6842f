package io.latchkey.store;

import io.lettuce.core.RedisChannelHandler;
import io.lettuce.core.RedisConnectionStateListener;
import io.lettuce.core.RedisFuture;
import io.lettuce.core.ScriptOutputType;
import io.lettuce.core.cluster.api.async.RedisClusterAsyncCommands;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The shared connection, and the breaker that says whether Redis is there. */
final class Link implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(Link.class);
    private static final int TOLERATED_FAILURES = 3;
    private static final int WARM_UP = 20;
    /** In a cluster, the name that says which server counts: the key store's. */
    private static final String[] KEPT_WITH = {"api_keys:valid"};

    private static final long STALLED = TimeUnit.SECONDS.toNanos(5);
    private static final long MEASURE_EVERY = TimeUnit.SECONDS.toNanos(1);

    private final String name;
    private final HardenedClient client;
    private final StoreClock clock;
    private final long requestNanos;
    private final AtomicInteger failures = new AtomicInteger();
    private volatile @Nullable Line connection;
    private volatile boolean up;
    private volatile boolean closed;
    private boolean everDown;
    private @Nullable RedisFuture<List<String>> pending;
    private long pendingSince;
    private long measuredAt;

    Link(HardenedClient client, StoreClock clock, Duration requestTimeout) {
        this("Redis", client, clock, requestTimeout);
    }

    Link(String name, HardenedClient client, StoreClock clock, Duration requestTimeout) {
        this.name = name;
        this.client = client;
        this.clock = clock;
        this.requestNanos = requestTimeout.toNanos();
    }

    boolean isUp() {
        return up;
    }

    RedisClusterAsyncCommands<String, String> commands() {
        Line current = connection;
        if (current == null) {
            throw new StoreUnavailable("Redis was not reached yet");
        }
        return current.commands();
    }

    /** A command on a request's path was answered. */
    void answered() {
        if (failures.getPlain() != 0) {
            failures.set(0);
        }
    }

    /** A command on a request's path was not answered. */
    void failed(StoreUnavailable failure) {
        if (failure.isRefusal()) {
            answered();
        } else if (failures.incrementAndGet() >= TOLERATED_FAILURES) {
            down(String.valueOf(failure.getMessage()));
        }
    }

    /** From here on nothing is sent, and nothing that happens to the connection is news. */
    @Override
    public void close() {
        closed = true;
        up = false;
        renew();
    }

    /** Called several times a second by one thread: connects, probes, sets the clock. */
    void tick() {
        if (closed) {
            return;
        }
        try {
            if (connection == null) {
                connect();
            }
            if (!up) {
                probe();
            } else if (System.nanoTime() - measuredAt > MEASURE_EVERY) {
                measure();
            }
        } catch (StoreUnavailable e) {
            down(String.valueOf(e.getMessage()));
        }
    }

    private void connect() {
        Line fresh = client.connect();
        fresh.whenLost(new RedisConnectionStateListener() {
            @Override
            public void onRedisDisconnected(RedisChannelHandler<?, ?> closed) {
                if (fresh.equals(connection)) {
                    down("the connection was lost");
                }
            }
        });
        pending = null;
        connection = fresh;
    }

    private void probe() {
        RedisFuture<List<String>> unanswered = pending;
        if (unanswered != null && !unanswered.isDone()) {
            // One probe at a time: a Redis that hangs for an hour must not find thousands of them.
            if (System.nanoTime() - pendingSince > STALLED) {
                renew();
            }
            return;
        }
        RedisFuture<List<String>> ping = askTime();
        pending = ping;
        pendingSince = System.nanoTime();
        if (isAnsweredInTime(ping)) {
            Replies.await(ping, 0);
            warmUp();
            measure();
            up();
        }
    }

    /** By a script with a key: of a cluster, only the server that keeps the keys is asked. */
    private RedisFuture<List<String>> askTime() {
        return commands().eval("return redis.call('TIME')", ScriptOutputType.MULTI, KEPT_WITH);
    }

    private boolean isAnsweredInTime(RedisFuture<List<String>> ping) {
        try {
            return ping.await(requestNanos, TimeUnit.NANOSECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    /** The first commands of a process are slow (classes are loaded, code is interpreted); requests must not pay. */
    private void warmUp() {
        if (measuredAt != 0) {
            return;
        }
        for (int i = 0; i < WARM_UP; i++) {
            Replies.await(askTime(), STALLED);
        }
    }

    private void measure() {
        long sent = System.nanoTime();
        measuredAt = sent;
        try {
            List<String> time = Replies.await(askTime(), requestNanos);
            long received = System.nanoTime();
            clock.measured(
                    sent, received, Long.parseLong(time.getFirst()) * 1_000_000 + Long.parseLong(time.getLast()));
            answered();
        } catch (StoreUnavailable e) {
            failed(e);
        }
    }

    /** A server that accepts but never answers may have been replaced: ask for the way again. */
    private void renew() {
        Line stalled = connection;
        connection = null;
        pending = null;
        if (stalled != null) {
            stalled.close();
        }
    }

    private synchronized void down(String reason) {
        if (!closed && (up || !everDown)) {
            everDown = true;
            up = false;
            log.warn("{} is not available: {}", name, reason);
        }
    }

    private synchronized void up() {
        Line current = connection;
        if (!closed && !up && current != null && current.isOpen()) {
            failures.set(0);
            up = true;
            log.info("{} is available", name);
        }
    }
}
