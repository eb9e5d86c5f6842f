package io.latchkey.store;

import io.lettuce.core.RedisURI;
import java.util.List;

/** The Redis that this node uses: somebody's, or one of its own. */
sealed interface Server extends AutoCloseable permits ExternalRedis, EmbeddedRedis {
    /** Returns when the server runs, as far as that is ours to say. */
    void start();

    /** Where to connect; several only for a cluster, of which each knows all. */
    List<RedisURI> addresses();

    String mode();

    default boolean isCluster() {
        return mode().equals("cluster");
    }

    /** Nothing was ever stored in it before this start; false where we cannot know. */
    boolean isFresh();

    @Override
    void close();
}
