package io.latchkey.keys;

import io.latchkey.store.Peppers;
import io.latchkey.store.Redis;
import io.latchkey.store.StoreReady;
import io.latchkey.store.StoreUnavailable;
import io.prometheus.metrics.core.metrics.GaugeWithCallback;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.DisposableBean;
import org.springframework.context.event.EventListener;
import org.springframework.core.annotation.Order;
import org.springframework.stereotype.Component;

/** What the key store needs done now and then, off every request's path. */
@Component
class Upkeep implements DisposableBean {
    private static final Logger log = LoggerFactory.getLogger(Upkeep.class);
    private static final Duration SWEEP_EVERY = Duration.ofSeconds(1);
    private static final Duration CONFIRM_EVERY = Duration.ofMillis(100);
    private static final int BATCH = 200;
    private static final Duration COUNT_EVERY = Duration.ofSeconds(30);

    /** Beyond this many waiting, the secret is simply taken up at its next use. */
    private static final int SOON_MAX = 1_000;

    private final NearCache cache;
    private final KeyStore store;
    private final AuditedCommits commits;
    private final Nodes nodes;
    private final Evidence evidence;
    private final Redis redis;
    private final KeysProperties properties;
    private final ScheduledExecutorService clock = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().daemon().name("key-upkeep").factory());
    private final ExecutorService soon = Executors.newFixedThreadPool(
            2, Thread.ofPlatform().daemon().name("key-soon-", 0).factory());
    private final Set<String> unconfirmed = ConcurrentHashMap.newKeySet();
    private final Set<String> waiting = ConcurrentHashMap.newKeySet();
    private volatile long overdue;
    private boolean begun;

    Upkeep(
            NearCache cache,
            KeyStore store,
            AuditedCommits commits,
            Nodes nodes,
            Evidence evidence,
            Redis redis,
            KeysProperties properties,
            PrometheusRegistry meters) {
        this.cache = cache;
        this.store = store;
        this.commits = commits;
        this.nodes = nodes;
        this.evidence = evidence;
        this.redis = redis;
        this.properties = properties;
        GaugeWithCallback.builder()
                .name("latchkey_keys_rotation_overdue")
                .help("Keys whose rotation is overdue by their own policy.")
                .callback(gauge -> gauge.call((double) overdue))
                .register(meters);
    }

    @EventListener
    @Order(40)
    synchronized void begin(StoreReady ready) {
        if (begun) {
            return;
        }
        begun = true;
        every(SWEEP_EVERY, store::sweep);
        // On a thread of its own: nobody may wait for a key because a slow sweep or report goes before it.
        Thread.ofPlatform().daemon().name("key-confirm").start(this::confirmAlways);
        every(properties.evidenceEvery(), evidence::write);
        every(COUNT_EVERY, () -> {
            overdue = store.overdue();
            nodes.forgetTheLongDead();
        });
    }

    /** Asks Redis again for a key that is in use, before anybody has to wait for it; together with others. */
    void confirmSoon(String keyId) {
        if (!unconfirmed.contains(keyId)) {
            unconfirmed.add(keyId);
        }
    }

    private void confirmAlways() {
        while (!clock.isShutdown()) {
            LockSupport.parkNanos(CONFIRM_EVERY.toNanos());
            attempt(this::confirm);
        }
    }

    private void confirm() {
        List<String> batch = new ArrayList<>(BATCH);
        for (String keyId : unconfirmed) {
            batch.add(keyId);
            if (batch.size() == BATCH) {
                confirm(batch);
            }
        }
        confirm(batch);
    }

    private void confirm(List<String> batch) {
        if (!batch.isEmpty()) {
            batch.forEach(unconfirmed::remove);
            cache.confirm(List.copyOf(batch), store::load);
            batch.clear();
        }
    }

    /** Writes the digest of a secret in use with the newest pepper. */
    void rehashSoon(String keyId, Secret used, byte[] sha256) {
        Peppers.Pepper pepper = nodes.pepperToWrite();
        if (used.pepper().equals(pepper.id())) {
            // Some node does not hold the newest one yet.
            return;
        }
        soon(
                used.id(),
                () -> commits.rehash(
                        keyId,
                        key -> key.with(
                                used.id(),
                                secret -> secret.pepper().equals(pepper.id())
                                        ? secret
                                        : secret.rehashed(pepper.id(), pepper.digest(sha256)))));
    }

    private void soon(String what, Runnable task) {
        if (waiting.size() >= SOON_MAX || !waiting.add(what)) {
            return;
        }
        soon.execute(() -> {
            try {
                attempt(task);
            } finally {
                waiting.remove(what);
            }
        });
    }

    private void every(Duration period, Runnable task) {
        // attempt() lets nothing through that the future could tell.
        Future<?> unused = clock.scheduleWithFixedDelay(
                () -> attempt(task), period.toMillis(), period.toMillis(), TimeUnit.MILLISECONDS);
    }

    private void attempt(Runnable task) {
        if (!redis.isUp()) {
            return;
        }
        try {
            task.run();
        } catch (StoreUnavailable e) {
            log.debug("left for the next time: {}", e.getMessage());
        } catch (RuntimeException e) {
            log.error("upkeep of the key store failed; trying again", e);
        }
    }

    @Override
    public void destroy() {
        clock.shutdownNow();
        soon.shutdownNow();
    }
}
