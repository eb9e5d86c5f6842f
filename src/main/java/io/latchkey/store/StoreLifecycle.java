package io.latchkey.store;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import java.util.function.IntConsumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.SmartLifecycle;

/**
 * Brings the store up before anything else runs, and keeps looking after it.
 *
 * <p>Starts first of all life cycles. It has nothing to stop there: beans that use Redis may do so until they are
 * destroyed, so the store ends with the destruction of its beans.
 */
final class StoreLifecycle implements SmartLifecycle, AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(StoreLifecycle.class);
    private static final long TICK_MILLIS = 250;
    private static final long FIRST_WAIT = TimeUnit.SECONDS.toNanos(2);
    private static final long FIRST_PAUSE = TimeUnit.MILLISECONDS.toNanos(20);

    private final Server server;
    private final Link link;
    private final Redis redis;
    private final ConfigurableApplicationContext context;
    private final IntConsumer exit;
    private final AtomicBoolean announcing = new AtomicBoolean();
    private final CountDownLatch closed = new CountDownLatch(1);
    private volatile boolean running;

    StoreLifecycle(Server server, Link link, Redis redis, ConfigurableApplicationContext context, IntConsumer exit) {
        this.server = server;
        this.link = link;
        this.redis = redis;
        this.context = context;
        this.exit = exit;
    }

    @Override
    public int getPhase() {
        return Integer.MIN_VALUE + 1000;
    }

    @Override
    public void start() {
        server.start();
        long deadline = System.nanoTime() + FIRST_WAIT;
        link.tick();
        while (!link.isUp() && System.nanoTime() < deadline) {
            LockSupport.parkNanos(FIRST_PAUSE);
            link.tick();
        }
        if (link.isUp()) {
            announce();
        } else {
            log.warn("Starting without Redis; it is tried again until it answers");
        }
        Thread.ofPlatform().name("latchkey-store").daemon().start(this::lookAfter);
        running = true;
    }

    @Override
    public void stop() {
        running = false;
    }

    @Override
    public boolean isRunning() {
        return running;
    }

    @Override
    public void close() {
        closed.countDown();
    }

    private void lookAfter() {
        try {
            while (!closed.await(TICK_MILLIS, TimeUnit.MILLISECONDS)) {
                tick();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void tick() {
        try {
            link.tick();
        } catch (RuntimeException e) {
            log.error("Looking after Redis failed", e);
        }
        // Not on this thread: a listener may wait for Redis, and somebody must notice when it comes back.
        if (link.isUp() && !redis.isReady() && announcing.compareAndSet(false, true)) {
            Thread.ofVirtual().name("latchkey-store-ready").start(this::announceLate);
        }
    }

    private void announce() {
        try {
            context.publishEvent(new StoreReady());
            redis.ready();
        } catch (StoreUnavailable e) {
            log.warn("Redis went away while the store was prepared; trying again: {}", e.getMessage());
        }
    }

    private void announceLate() {
        try {
            announce();
        } catch (StartRefused e) {
            giveUp(e.problem() + " " + e.action());
        } catch (RuntimeException e) {
            log.error("The store could not be prepared", e);
            giveUp("The store could not be prepared.");
        } finally {
            announcing.set(false);
        }
    }

    private void giveUp(String why) {
        if (closed.getCount() > 0) {
            log.error("Stopping: {}", why);
            context.close();
            exit.accept(1);
        }
    }
}
