package io.latchkey.store;

import io.lettuce.core.SslOptions;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.context.SmartLifecycle;

/**
 * The connection for stored answers, apart from everybody else's: a large value in flight holds up no key check.
 *
 * <p>Nothing waits for it, neither the start nor the health.
 */
final class CacheConnection implements SmartLifecycle, AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(CacheConnection.class);
    private static final long TICK_MILLIS = 250;

    private final HardenedClient client;
    private final Link link;
    private final Redis redis;
    private final CountDownLatch closed = new CountDownLatch(1);
    private volatile boolean running;

    CacheConnection(Server shared, SslOptions tls, StoreProperties properties, StoreMeters meters) {
        Server server = properties.cacheRedisUrl().isBlank()
                ? shared
                : ExternalRedis.of("LATCHKEY_CACHE_REDIS_URL", properties.cacheRedisUrl());
        client = HardenedClient.ofBytes(server, tls);
        // A clock of its own: the time of this Redis is nobody's time.
        link = new Link("The cache's Redis", client, new StoreClock(), properties.requestTimeout());
        redis = new Redis(server, client, link, properties, meters);
    }

    Redis redis() {
        return redis;
    }

    /** After the store, whose address this one may share. */
    @Override
    public int getPhase() {
        return Integer.MIN_VALUE + 1001;
    }

    @Override
    public void start() {
        running = true;
        Thread.ofPlatform().name("latchkey-cache-store").daemon().start(this::lookAfter);
    }

    @Override
    public void stop() {
        running = false;
    }

    @Override
    public boolean isRunning() {
        return running;
    }

    private void lookAfter() {
        try {
            do {
                tick();
            } while (!closed.await(TICK_MILLIS, TimeUnit.MILLISECONDS));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void tick() {
        try {
            link.tick();
        } catch (RuntimeException e) {
            log.error("Looking after the cache's Redis failed", e);
        }
    }

    @Override
    public void close() {
        closed.countDown();
        link.close();
        client.close();
    }
}
