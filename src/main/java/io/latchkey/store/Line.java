package io.latchkey.store;

import io.lettuce.core.RedisConnectionStateListener;
import io.lettuce.core.api.StatefulConnection;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.cluster.SlotHash;
import io.lettuce.core.cluster.api.StatefulRedisClusterConnection;
import io.lettuce.core.cluster.api.async.RedisClusterAsyncCommands;

/** One connection to Redis, whether that is one server or a cluster of them. */
sealed interface Line extends AutoCloseable {
    RedisClusterAsyncCommands<String, String> commands();

    /** To the very server that keeps this key, for what names no key and yet is about one. */
    RedisClusterAsyncCommands<String, String> commandsOf(String key);

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
        public RedisClusterAsyncCommands<String, String> commandsOf(String key) {
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
        public RedisClusterAsyncCommands<String, String> commandsOf(String key) {
            String node = connection
                    .getPartitions()
                    .getMasterBySlot(SlotHash.getSlot(key))
                    .getNodeId();
            return connection.getConnection(node).async();
        }

        @Override
        public void whenLost(RedisConnectionStateListener listener) {
            // Each server has a connection of its own, and most of them can be done without.
        }
    }
}
