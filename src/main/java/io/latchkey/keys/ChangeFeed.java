package io.latchkey.keys;

import io.latchkey.store.DedicatedConnection;
import io.latchkey.store.Redis;
import io.latchkey.store.Script;
import io.latchkey.store.StoreReady;
import io.latchkey.store.StoreUnavailable;
import io.lettuce.core.KeyValue;
import io.lettuce.core.ScriptOutputType;
import io.lettuce.core.StreamMessage;
import io.lettuce.core.XReadArgs;
import io.lettuce.core.XReadArgs.StreamOffset;
import io.prometheus.metrics.core.metrics.Histogram;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.time.Duration;
import java.time.InstantSource;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.context.ApplicationEventPublisher;
import org.springframework.context.SmartLifecycle;
import org.springframework.context.event.EventListener;
import org.springframework.core.annotation.Order;
import org.springframework.stereotype.Component;

/**
 * Follows the ordered stream of key changes and says how far it has come.
 *
 * <p>Each entry's id is its epoch, so a gap is seen; a gap, another incarnation of the store or an epoch that runs
 * backwards empties the cache.
 */
@Component
class ChangeFeed implements SmartLifecycle {
    private static final Logger log = LoggerFactory.getLogger(ChangeFeed.class);
    private static final String CHANGES = KeyStore.PREFIX + "changes";
    private static final Script SIGNAL = Script.of(ChangeFeed.class, "signal.lua");
    private static final int BATCH = 500;
    private static final Duration POLL = Duration.ofSeconds(1);
    private static final Duration RETRY = Duration.ofMillis(200);
    private static final Duration END = Duration.ofSeconds(5);

    private final Redis redis;
    private final NearCache cache;
    private final KeyStore store;
    private final Nodes nodes;
    private final Evidence evidence;
    private final InstantSource time;
    private final ApplicationEventPublisher events;
    private final Histogram propagation;
    private volatile boolean running;
    private volatile @Nullable Thread follower;
    private volatile @Nullable DedicatedConnection following;
    private volatile Position applied = new Position("", 0);

    ChangeFeed(
            Redis redis,
            NearCache cache,
            KeyStore store,
            Nodes nodes,
            Evidence evidence,
            InstantSource time,
            ApplicationEventPublisher events,
            PrometheusRegistry meters) {
        this.redis = redis;
        this.cache = cache;
        this.store = store;
        this.nodes = nodes;
        this.evidence = evidence;
        this.time = time;
        this.events = events;
        propagation = Histogram.builder()
                .name("latchkey_key_propagation_seconds")
                .help("From a key's change in Redis to its being applied on this node.")
                .withoutExemplars()
                .classicUpperBounds(0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5)
                .register(meters);
    }

    /** How far this node has followed which incarnation of the store. */
    private record Position(String incarnation, long epoch) {
        /** Of another store, or of an older copy of this one. */
        boolean isOtherThan(Position before) {
            return epoch < before.epoch || (!before.incarnation.isEmpty() && !before.incarnation.equals(incarnation));
        }
    }

    /** Asks every node to write its evidence; done when all have applied the returned epoch. */
    long signalFlush() {
        return redis.<Long>onAdmin(
                SIGNAL,
                ScriptOutputType.INTEGER,
                List.of("api_keys:valid"),
                List.of(UUID.randomUUID().toString()));
    }

    @EventListener
    @Order(30)
    void begin(StoreReady ready) {
        if (!running) {
            applied = position();
            nodes.report(applied.incarnation(), applied.epoch());
            running = true;
            follower = Thread.ofPlatform().daemon().name("key-changes").start(this::follow);
        }
    }

    private void follow() {
        while (running) {
            try (DedicatedConnection connection = redis.dedicated()) {
                following = connection;
                // Whatever was missed is still in the stream, but what was read meanwhile may be older than that.
                cache.distrust();
                while (running) {
                    step(connection);
                }
            } catch (StoreUnavailable e) {
                LockSupport.parkNanos(RETRY.toNanos());
            } catch (RuntimeException e) {
                log.error("following the key changes failed; trying again", e);
                cache.distrust();
                LockSupport.parkNanos(POLL.toNanos());
            }
        }
    }

    /** Waits up to a second for changes; in any case compares epochs and reports. */
    @SuppressWarnings("unchecked") // XREAD takes its streams as generic varargs; there is one.
    private void step(DedicatedConnection connection) {
        Position at = applied;
        List<StreamMessage<String, String>> changes = connection.run(
                POLL,
                commands -> commands.xread(
                        XReadArgs.Builder.count(BATCH).block(POLL), StreamOffset.from(CHANGES, at.epoch() + "-0")));
        if (!changes.isEmpty()) {
            apply(changes, at);
        }
        Position stored = position();
        if (stored.isOtherThan(at)) {
            log.warn("the key store is another one than before; all cached keys are dropped");
            // It may be empty: the first admin token and all else that a start prepares must be in it.
            events.publishEvent(new StoreReady());
            Position fresh = position();
            // After the position: what is read into the cache from now on is no older than what will be followed.
            cache.forget();
            applied = fresh;
        }
        nodes.report(applied.incarnation(), applied.epoch());
    }

    private void apply(List<StreamMessage<String, String>> changes, Position at) {
        if (epochOf(changes.getFirst()) != at.epoch() + 1) {
            log.warn(
                    "changes between epoch {} and {} are gone; all cached keys are dropped",
                    at.epoch(),
                    epochOf(changes.getFirst()));
            cache.forget();
        }
        Set<String> changed = new LinkedHashSet<>();
        boolean flush = false;
        for (StreamMessage<String, String> change : changes) {
            flush |= change.getBody().containsKey("flush");
            String id = change.getBody().get("key");
            if (id != null) {
                changed.add(id);
            }
        }
        refresh(changed);
        if (flush) {
            evidence.write();
        }
        String incarnation = at.incarnation().isEmpty() ? position().incarnation() : at.incarnation();
        applied = new Position(incarnation, epochOf(changes.getLast()));
        long now = time.millis();
        for (StreamMessage<String, String> change : changes) {
            String sent = change.getBody().get("at");
            if (sent != null) {
                propagation.observe(Math.max(0, now - Long.parseLong(sent)) / 1000.0);
            }
        }
    }

    private void refresh(Set<String> changed) {
        List<String> held = changed.stream().filter(cache::holds).toList();
        changed.forEach(id -> {
            if (!held.contains(id)) {
                cache.changed(id);
            }
        });
        long readAt = System.nanoTime();
        try {
            store.load(held).forEach(key -> cache.refresh(key, readAt));
        } catch (RuntimeException e) {
            held.forEach(cache::changed);
            throw e;
        }
    }

    private Position position() {
        List<KeyValue<String, String>> stored =
                redis.onAdmin(commands -> commands.mget(KeyStore.PREFIX + "incarnation", KeyStore.PREFIX + "epoch"));
        return new Position(
                stored.getFirst().getValueOrElse(""),
                Long.parseLong(stored.get(1).getValueOrElse("0")));
    }

    private static long epochOf(StreamMessage<String, String> change) {
        return Long.parseLong(change.getId().substring(0, change.getId().indexOf('-')));
    }

    @Override
    public void start() {
        // Begins when the store is ready, which may be later.
    }

    /** After the web server has drained: until then this node answers for what it has heard. */
    @Override
    public int getPhase() {
        return 0;
    }

    @Override
    public void stop() {
        if (running) {
            running = false;
            end();
            try {
                evidence.write();
                nodes.deregister();
            } catch (StoreUnavailable e) {
                log.warn("this node could not deregister; the others wait for its silence");
            }
        }
    }

    /** A report after the deregistration would leave a ghost for the others to wait for. */
    private void end() {
        DedicatedConnection open = following;
        if (open != null) {
            open.close();
        }
        Thread thread = follower;
        try {
            if (thread != null && !thread.join(END)) {
                log.warn("following the key changes did not end in time");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public boolean isRunning() {
        return running;
    }
}
