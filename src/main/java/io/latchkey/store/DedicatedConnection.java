package io.latchkey.store;

import io.lettuce.core.RedisException;
import io.lettuce.core.RedisFuture;
import io.lettuce.core.cluster.api.async.RedisClusterAsyncCommands;
import java.time.Duration;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A connection of one's own, on which a read may block without holding up anybody else.
 *
 * <p>It connects when it is first used, and anew after every failure. For one thread; only {@link #close()} may come
 * from another one, and ends a read that blocks.
 */
public final class DedicatedConnection implements AutoCloseable {
    // What the network and a busy Redis may add to the time that the command itself blocks.
    private static final Duration SLACK = Duration.ofSeconds(2);

    private final HardenedClient client;
    private volatile @Nullable Line connection;
    private volatile boolean closed;

    DedicatedConnection(HardenedClient client) {
        this.client = client;
    }

    /** Runs a command that blocks for {@code block} at most; {@link StoreUnavailable} when it was not answered. */
    public <T extends @Nullable Object> T run(
            Duration block, Function<RedisClusterAsyncCommands<String, String>, ? extends RedisFuture<T>> command) {
        Line current = open();
        try {
            return Replies.await(
                    command.apply(current.commands()), block.plus(SLACK).toNanos());
        } catch (StoreUnavailable e) {
            if (!e.isRefusal()) {
                drop(current);
            }
            throw e;
        } catch (RedisException e) {
            throw Replies.failure(e);
        }
    }

    @Override
    public void close() {
        closed = true;
        Line current = connection;
        if (current != null) {
            drop(current);
        }
    }

    private Line open() {
        Line current = connection;
        if (current == null) {
            current = client.connect();
            connection = current;
        }
        if (closed) {
            drop(current);
            throw new StoreUnavailable("This connection to Redis was closed");
        }
        return current;
    }

    /** A read that was given up may still be answered; on this connection it would block the next one. */
    private void drop(Line dropped) {
        connection = null;
        dropped.close();
    }
}
