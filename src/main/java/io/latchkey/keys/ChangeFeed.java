package io.latchkey.keys;

import io.latchkey.store.DedicatedConnection;
import io.latchkey.store.Redis;
import io.latchkey.store.Script;
import io.latchkey.store.StoreReady;
import io.latchkey.store.StoreUnavailable;
import io.lettuce.core.KeyValue;
import io.lettuce.core.Range;
import io.lettuce.core.ScriptOutputType;
import io.lettuce.core.StreamMessage;
import io.lettuce.core.XReadArgs;
import io.lettuce.core.XReadArgs.StreamOffset;
import io.prometheus.metrics.core.metrics.GaugeWithCallback;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.time.Duration;
import java.util.List;
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
 * <p>Each entry's id is its epoch, so a gap is seen; a gap, another incarnation of the store, an epoch that runs
 * backwards or another entry under the epoch that was applied last empties the cache.
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
    private final ChangedKeys changed;
    private final Nodes nodes;
    private final Evidence evidence;
    private final ApplicationEventPublisher events;
    private volatile boolean running;
    private volatile @Nullable Thread follower;
    private volatile @Nullable DedicatedConnection following;
    private volatile Position applied = new Position("", 0);
    /** The newest entry that was applied, as it stood in the stream; a fail-over may have put another in its place. */
    private volatile String appliedEntry = "";

    private volatile long inStepAt = System.nanoTime();

    ChangeFeed(
            Redis redis,
            NearCache cache,
            ChangedKeys changed,
            Nodes nodes,
            Evidence evidence,
            ApplicationEventPublisher events,
            PrometheusRegistry meters) {
        this.redis = redis;
        this.cache = cache;
        this.changed = changed;
        this.nodes = nodes;
        this.evidence = evidence;
        this.events = events;
        GaugeWithCallback.builder()
                .name("latchkey_node_epoch_lag_seconds")
                .help("Time since this node last knew that it had applied every change of keys.")
                .callback(gauge -> gauge.call((System.nanoTime() - inStepAt) / 1e9))
                .register(meters);
    }

    /** How far this node has followed which incarnation of the store. */
    private record Position(String incarnation, long epoch) {
        /** Of another store, or of an older copy of this one. */
        boolean isOtherThan(Position before) {
            return epoch < before.epoch || (!before.incarnation.isEmpty() && !before.incarnation.equals(incarnation));
        }
    }

    /** Asks every node to write its evidence, or all that it holds; done when all have applied the returned epoch. */
    long signalFlush(boolean all) {
        return redis.<Long>onAdmin(
                SIGNAL,
                ScriptOutputType.INTEGER,
                List.of("api_keys:valid"),
                List.of(UUID.randomUUID().toString(), all ? ChangedKeys.ALL : "evidence"));
    }

    @EventListener
    @Order(30)
    void begin(StoreReady ready) {
        if (!running) {
            applied = position();
            appliedEntry = entryAt(applied.epoch());
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
                if (!entryAt(applied.epoch()).equals(appliedEntry)) {
                    startOver();
                }
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
        if (isReplaced(connection, at.epoch())) {
            startOver();
            return;
        }
        if (!changes.isEmpty()) {
            changed.apply(changes, at.epoch());
            String incarnation = at.incarnation().isEmpty() ? position().incarnation() : at.incarnation();
            applied = new Position(incarnation, ChangedKeys.epochOf(changes.getLast()));
            appliedEntry = String.valueOf(changes.getLast().getBody());
            changed.measure(changes);
        }
        Position stored = position();
        if (stored.isOtherThan(applied)) {
            startOver();
        }
        if (applied.epoch() >= stored.epoch()) {
            inStepAt = System.nanoTime();
        }
        nodes.report(applied.incarnation(), applied.epoch());
    }

    private void startOver() {
        if (!redis.isUp()) {
            // What is known is all there is as long as no request can ask: with it go those whom the grace lets in.
            throw new StoreUnavailable("Redis does not answer requests yet");
        }
        log.warn("the key store is another one than before; all cached keys are dropped");
        // It may be empty: the first admin token and all else that a start prepares must be in it.
        events.publishEvent(new StoreReady());
        Position fresh = position();
        String entry = entryAt(fresh.epoch());
        // After the position: what is read into the cache from now on is no older than what will be followed.
        cache.forget();
        applied = fresh;
        appliedEntry = entry;
    }

    /** Where the changes came from, another entry stands in place of the one applied last: it is another master by now. */
    private boolean isReplaced(DedicatedConnection connection, long epoch) {
        String found = body(connection.run(Duration.ZERO, commands -> commands.xrange(CHANGES, only(epoch))));
        return !found.isEmpty() && !found.equals(appliedEntry);
    }

    /** Empty when there is none, because nothing was ever changed, or so much since that it is gone. */
    private String entryAt(long epoch) {
        return body(redis.onAdmin(commands -> commands.xrange(CHANGES, only(epoch))));
    }

    private static Range<String> only(long epoch) {
        return Range.create(epoch + "-0", epoch + "-0");
    }

    private static String body(List<StreamMessage<String, String>> found) {
        return found.isEmpty() ? "" : String.valueOf(found.getFirst().getBody());
    }

    /** The newest change there is, whether this node has applied it or not. */
    long storedEpoch() {
        return position().epoch();
    }

    private Position position() {
        List<KeyValue<String, String>> stored =
                redis.onAdmin(commands -> commands.mget(KeyStore.PREFIX + "incarnation", KeyStore.PREFIX + "epoch"));
        return new Position(
                stored.getFirst().getValueOrElse(""),
                Long.parseLong(stored.get(1).getValueOrElse("0")));
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
