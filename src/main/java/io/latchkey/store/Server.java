package io.latchkey.store;

import io.lettuce.core.RedisURI;

/** The Redis that this node uses: somebody's, or one of its own. */
sealed interface Server extends AutoCloseable permits ExternalRedis, EmbeddedRedis {
    /** Returns when the server runs, as far as that is ours to say. */
    void start();

    RedisURI address();

    String mode();

    /** Nothing was ever stored in it before this start; false where we cannot know. */
    boolean isFresh();

    @Override
    void close();
}
