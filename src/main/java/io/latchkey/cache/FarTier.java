package io.latchkey.cache;

import io.latchkey.store.Redis;
import io.latchkey.store.Script;
import io.latchkey.store.StoreUnavailable;
import io.lettuce.core.KeyValue;
import io.lettuce.core.ScriptOutputType;
import io.lettuce.core.SetArgs;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.stereotype.Component;

/**
 * The answers in Redis, which all nodes share.
 *
 * <p>Each resource has an epoch there, and an answer counts only under the epoch that it was asked for in: to invalidate
 * a resource for all callers and all forms of the request is to write one small key. A missing epoch confirms nothing.
 */
@Component
class FarTier {
    private static final Logger LOG = LoggerFactory.getLogger(FarTier.class);
    private static final Script PUT = Script.of(FarTier.class, "put.lua");
    /** Longer than any exchange with an upstream may take. */
    private static final long EPOCH_MILLIS = 2 * 60 * 60 * 1000L;

    private static final int MOST_MISSED = 10_000;

    private final Redis redis;
    private final CacheWrites writes;

    /** Resources that were invalidated while Redis was away; nothing of theirs is believed until it knows. */
    private final Set<String> missed = ConcurrentHashMap.newKeySet();

    FarTier(@Qualifier(Redis.CACHE) Redis redis, CacheWrites writes) {
        this.redis = redis;
        this.writes = writes;
    }

    /** The epoch of a resource, null when there is none or nobody to ask; and what was found under it. */
    record Found(@Nullable String epoch, boolean asked, List<@Nullable Slot> slots) {
        static final Found NOTHING = new Found(null, false, List.of());
    }

    /** All places are of one resource. */
    Found find(List<Place> places) {
        String resource = places.getFirst().resourceKey();
        if (isBehind(resource)) {
            return Found.NOTHING;
        }
        String[] keys = new String[places.size() + 1];
        keys[0] = resource;
        for (int i = 0; i < places.size(); i++) {
            keys[i + 1] = places.get(i).answerKey(resource);
        }
        try {
            List<KeyValue<String, String>> values = redis.onRequest(commands -> commands.mget(keys));
            String epoch = values.getFirst().getValueOrElse(null);
            List<@Nullable Slot> slots = new ArrayList<>();
            for (KeyValue<String, String> value : values.subList(1, values.size())) {
                Slot slot = SlotBytes.read(value.getValueOrElse(null));
                slots.add(slot != null && slot.epoch().equals(epoch) ? slot : null);
            }
            return new Found(epoch, true, slots);
        } catch (StoreUnavailable e) {
            return Found.NOTHING;
        }
    }

    /** Whether what was filled under this epoch still stands, as far as Redis says. */
    boolean stands(Place place, String epoch) {
        String resource = place.resourceKey();
        if (epoch.isEmpty() || isBehind(resource)) {
            return false;
        }
        try {
            return epoch.equals(redis.<@Nullable String>onRequest(commands -> commands.get(resource)));
        } catch (StoreUnavailable e) {
            return false;
        }
    }

    static String newEpoch() {
        return UUID.randomUUID().toString();
    }

    /** Kept when the resource's epoch still is {@code expected}; off this thread, or not at all when Redis is behind. */
    void put(List<Place> places, List<? extends Slot> slots, String expected, long millis) {
        String resource = places.getFirst().resourceKey();
        int weight = slots.stream().mapToInt(Slot::weight).sum();
        writes.add(weight, () -> {
            List<String> keys = new ArrayList<>(List.of(resource));
            List<String> args =
                    new ArrayList<>(List.of(expected, slots.getFirst().epoch(), Long.toString(millis)));
            for (int i = 0; i < places.size(); i++) {
                keys.add(places.get(i).answerKey(resource));
                args.add(SlotBytes.write(slots.get(i)));
            }
            if (redis.isUp() && !missed.contains(resource)) {
                redis.<Long>onAdmin(PUT, ScriptOutputType.INTEGER, keys, args);
            }
        });
    }

    /** Ends everything that is kept of the resource, and what is being asked for now. */
    void invalidate(Place place) {
        String resource = place.resourceKey();
        try {
            end(resource);
        } catch (StoreUnavailable e) {
            if (missed.size() < MOST_MISSED) {
                missed.add(resource);
            } else {
                LOG.warn("An invalidation was lost: too many while Redis was away");
            }
        }
    }

    /** Tells Redis what it missed. */
    void catchUp() {
        for (String resource : List.copyOf(missed)) {
            if (!redis.isUp()) {
                return;
            }
            end(resource);
            missed.remove(resource);
        }
    }

    private void end(String resource) {
        redis.onRequest(commands -> commands.set(resource, newEpoch(), SetArgs.Builder.px(EPOCH_MILLIS)));
    }

    private boolean isBehind(String resource) {
        return !redis.isUp() || (!missed.isEmpty() && missed.contains(resource));
    }
}
