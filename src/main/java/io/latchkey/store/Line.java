package io.latchkey.store;

import io.lettuce.core.RedisConnectionStateListener;
import io.lettuce.core.RedisException;
import io.lettuce.core.api.StatefulConnection;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.cluster.SlotHash;
import io.lettuce.core.cluster.api.StatefulRedisClusterConnection;
import io.lettuce.core.cluster.api.async.RedisClusterAsyncCommands;
import io.lettuce.core.cluster.models.partitions.RedisClusterNode;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** One connection to Redis, whether that is one server or a cluster of them. */
sealed interface Line extends AutoCloseable {
    RedisClusterAsyncCommands<String, String> commands();

    /** To the very server that keeps this key, for what names no key and yet is about one. */
    RedisClusterAsyncCommands<String, String> commandsOf(String key, long deadline);

    StatefulConnection<String, String> connection();

    /** Told at once where one server is all there is; a cluster that lost one of many shows it by its answers. */
    void whenLost(RedisConnectionStateListener listener);

    default boolean isOpen() {
        return connection().isOpen();
    }

    @Override
    default void close() {
        connection().close();
    }

    /** To one server, found by its address or by Sentinels. */
    record Single(StatefulRedisConnection<String, String> connection) implements Line {
        @Override
        public RedisClusterAsyncCommands<String, String> commands() {
            return connection.async();
        }

        @Override
        public RedisClusterAsyncCommands<String, String> commandsOf(String key, long deadline) {
            return connection.async();
        }

        @Override
        public void whenLost(RedisConnectionStateListener listener) {
            connection.addListener(listener);
        }
    }

    /** To all servers of a cluster. */
    record Cluster(StatefulRedisClusterConnection<String, String> connection) implements Line {
        @Override
        public RedisClusterAsyncCommands<String, String> commands() {
            return connection.async();
        }

        @Override
        public RedisClusterAsyncCommands<String, String> commandsOf(String key, long deadline) {
            RedisClusterNode master = connection.getPartitions().getMasterBySlot(SlotHash.getSlot(key));
            if (master == null) {
                throw new StoreUnavailable("No server of the cluster keeps " + key + " at present");
            }
            try {
                return connection
                        .getConnectionAsync(master.getNodeId())
                        .get(deadline - System.nanoTime(), TimeUnit.NANOSECONDS)
                        .async();
            } catch (TimeoutException e) {
                throw new StoreUnavailable("No connection to Redis in time");
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new StoreUnavailable("Interrupted while waiting for Redis", e, true);
            } catch (ExecutionException e) {
                throw Replies.failure(e.getCause() == null ? e : e.getCause());
            } catch (RedisException e) {
                throw Replies.failure(e);
            }
        }

        @Override
        public void whenLost(RedisConnectionStateListener listener) {
            // Each server has a connection of its own, and most of them can be done without.
        }
    }
}
