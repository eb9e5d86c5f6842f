package io.latchkey.cache;

import io.latchkey.audit.Act;
import io.latchkey.audit.Audit;
import io.latchkey.audit.Link;
import io.latchkey.store.Redis;
import io.latchkey.store.Script;
import io.latchkey.store.StoreReady;
import io.latchkey.store.StoreUnavailable;
import io.lettuce.core.ScriptOutputType;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.context.event.EventListener;
import org.springframework.stereotype.Component;
import tools.jackson.databind.json.JsonMapper;

/**
 * What operators purged, as far as this node knows.
 *
 * <p>Nothing is searched and deleted: a purge has a number, an answer has the number of the last purge known when it was
 * asked for, and an answer that a later purge concerns is not served. Each node asks for new purges every second; one
 * that could not for some seconds no longer believes what is in Redis.
 */
@Component
class Purges implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Purges.class);
    private static final Script PURGE = Script.of(Purges.class, Audit.CHAIN_LUA, "purge.lua");
    /** In the slot of the audit log, which the same script writes. */
    private static final String KEY = "latchkey:cache:{api_keys:valid}:purges";

    private static final String LAST = "last";
    private static final String EVERYTHING = "all";
    private static final int MOST_SCOPES = 1000;
    /** No answer lives longer. */
    private static final Duration KEPT = Duration.ofDays(31);

    /** How late a node that reaches Redis may hear of a purge: a round, and the time to ask. */
    static final long HEARD_MILLIS = 2000;

    private static final long TRUSTED_NANOS = TimeUnit.SECONDS.toNanos(5);

    private final Redis redis;
    private final Audit audit;
    private final JsonMapper json;
    private final NearTier near;
    private final FarTier far;
    private final ScheduledExecutorService clock = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().daemon().name("latchkey-cache-purges").factory());
    private final @Nullable ScheduledFuture<?> rounds;
    private volatile Known known = new Known(0, Map.of());
    private volatile long askedAt = System.nanoTime() - TRUSTED_NANOS;

    Purges(Redis redis, Audit audit, JsonMapper json, NearTier near, FarTier far, CacheProperties properties) {
        this.redis = redis;
        this.audit = audit;
        this.json = json;
        this.near = near;
        this.far = far;
        rounds = properties.disabled() ? null : clock.scheduleWithFixedDelay(this::tick, 1, 1, TimeUnit.SECONDS);
    }

    /** The last purge, and of each scope the last one. */
    private record Known(long last, Map<String, Long> scopes) {}

    long last() {
        return known.last();
    }

    boolean isCurrent() {
        return System.nanoTime() - askedAt < TRUSTED_NANOS;
    }

    boolean covers(Place place, StoredAnswer answer) {
        Map<String, Long> scopes = known.scopes();
        if (scopes.isEmpty()) {
            return false;
        }
        boolean purged = isAfter(scopes.get(EVERYTHING), answer)
                || isAfter(scopes.get("route:" + place.route()), answer)
                || isAfter(scopes.get("key:" + place.part()), answer);
        for (String tag : answer.tags()) {
            purged |= isAfter(scopes.get("tag:" + tag), answer);
        }
        return purged;
    }

    private static boolean isAfter(@Nullable Long purge, StoredAnswer answer) {
        return purge != null && purge > answer.purge();
    }

    /** Purges and says so in the audit log; on this node at once. */
    void purge(Act act, String scope) {
        long id = 0;
        while (id == 0) {
            Link link = audit.next(act, scope, "ok", null, null);
            id = redis.<Long>onAdmin(
                    PURGE,
                    ScriptOutputType.INTEGER,
                    List.of(KEY),
                    List.of(
                            json.writeValueAsString(link),
                            scope,
                            Integer.toString(MOST_SCOPES),
                            Long.toString(KEPT.toMillis())));
        }
        ask();
    }

    @EventListener
    void ready(StoreReady ready) {
        ask();
    }

    private void tick() {
        try {
            if (redis.isUp()) {
                ask();
            }
            far.catchUp();
        } catch (StoreUnavailable e) {
            // Whether it is away is the store's to say; until it is back nothing in it is believed.
        } catch (RuntimeException e) {
            LOG.error("Asking for purges failed", e);
        }
    }

    private synchronized void ask() {
        long before = System.nanoTime();
        String last = redis.<@Nullable String>onAdmin(commands -> commands.hget(KEY, LAST));
        if (last != null && Long.parseLong(last) > known.last()) {
            Map<String, String> all = redis.onAdmin(commands -> commands.hgetall(KEY));
            known = new Known(Long.parseLong(all.getOrDefault(LAST, "0")), numbers(all));
            near.clear();
        }
        askedAt = before;
    }

    private static Map<String, Long> numbers(Map<String, String> all) {
        return all.entrySet().stream()
                .filter(entry -> !entry.getKey().equals(LAST))
                .collect(Collectors.toUnmodifiableMap(Map.Entry::getKey, entry -> Long.parseLong(entry.getValue())));
    }

    @Override
    public void close() {
        if (rounds != null) {
            rounds.cancel(false);
        }
        clock.shutdownNow();
    }
}
