package io.latchkey.keys;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.latchkey.problems.Refusal;
import java.security.MessageDigest;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/**
 * What this node last heard of each key from Redis.
 *
 * <p>It may only say yes: a secret that is not in it is looked up before it is refused. A fill that began before a
 * change of its key was applied is not kept, so that a slow read never brings an old record back (the fence).
 */
@Component
class NearCache {
    static final Duration TRUSTED = Duration.ofSeconds(5);

    private static final long TRUSTED_NANOS = TRUSTED.toNanos();
    private static final int STRIPES = 1024;
    private static final int REFUSED_MAX = 10_000;

    private final Cache<String, Cached> byId;
    private final Cache<String, String> idByDigest;
    private final Cache<String, Lately> refused;

    /** Counts applied changes, by stripe of the key's id. */
    private final AtomicLongArray applied = new AtomicLongArray(STRIPES);

    private final AtomicLong appliedToAny = new AtomicLong();

    private final long graceNanos;
    private volatile long trustedFrom = System.nanoTime();

    NearCache(KeysProperties properties) {
        Duration kept = properties.grace().compareTo(TRUSTED) > 0 ? properties.grace() : TRUSTED;
        byId = Caffeine.newBuilder()
                .maximumSize(properties.cacheSize())
                .expireAfterWrite(kept)
                .build();
        idByDigest = Caffeine.newBuilder().maximumSize(properties.cacheSize()).build();
        refused = Caffeine.newBuilder()
                .maximumSize(REFUSED_MAX)
                .expireAfterWrite(Duration.ofSeconds(1))
                .build();
        graceNanos = properties.grace().toNanos();
    }

    /** How many changes were applied so far that may concern a token: of its key, or of any if it names none. */
    record Fence(int stripe, long changes) {}

    /** What Redis said of a digest, behind its fence; null = time alone does not change it. */
    private record Lately(
            Refusal why, Fence fence, @Nullable Instant until) {}

    /** One key as Redis confirmed it. */
    static final class Cached {
        private final Key key;
        private final long confirmedAt;
        private volatile @Nullable Proven proven;

        Cached(Key key, long confirmedAt) {
            this.key = key;
            this.confirmedAt = confirmedAt;
        }

        /** A token's hash that was found to be one of the key's secrets. */
        private static final class Proven {
            private final byte[] sha256;
            private final Secret secret;

            Proven(byte[] sha256, Secret secret) {
                this.sha256 = sha256;
                this.secret = secret;
            }
        }

        Key key() {
            return key;
        }

        long confirmedAt() {
            return confirmedAt;
        }

        /** The secret of the key that was presented; the same again is not put through the pepper again. */
        @Nullable
        Secret secretOf(Presented presented) {
            Proven known = proven;
            if (known != null && MessageDigest.isEqual(known.sha256, presented.sha256())) {
                return known.secret;
            }
            Secret secret = presented.secretOf(key);
            if (secret != null) {
                proven = new Proven(presented.sha256(), secret);
            }
            return secret;
        }
    }

    @Nullable
    Cached get(String id) {
        return byId.getIfPresent(id);
    }

    @Nullable
    Cached getByDigest(String digest) {
        String id = idByDigest.getIfPresent(digest);
        return id == null ? null : get(id);
    }

    /** Confirmed lately enough, and since the last doubt, to be believed without asking. */
    boolean trusted(Cached cached) {
        return System.nanoTime() - cached.confirmedAt() < TRUSTED_NANOS && cached.confirmedAt() - trustedFrom >= 0;
    }

    /** Half-way to distrust: time to ask again in the background, so that no request has to wait. */
    boolean ageing(Cached cached) {
        return System.nanoTime() - cached.confirmedAt() > TRUSTED_NANOS / 2;
    }

    /** Confirmed within the grace: good enough while Redis does not answer. */
    boolean withinGrace(Cached cached) {
        return System.nanoTime() - cached.confirmedAt() < graceNanos;
    }

    /** Reads a key by {@code lookUp} and keeps it, unless a change of it was applied meanwhile. */
    @Nullable
    Key fill(String stripeOf, Supplier<@Nullable Key> lookUp) {
        int stripe = stripe(stripeOf);
        long before = applied.get(stripe);
        long startedAt = System.nanoTime();
        Key key = lookUp.get();
        if (key != null && stripe(key.id()) == stripe) {
            keep(key, startedAt, stripe, before);
        }
        return key;
    }

    /** Reads keys that are held, all at once; of each what {@link #fill} says. */
    void confirm(List<String> ids, Function<List<String>, List<Key>> lookUp) {
        Map<String, Long> before = new HashMap<>();
        ids.forEach(id -> before.put(id, applied.get(stripe(id))));
        long startedAt = System.nanoTime();
        for (Key key : lookUp.apply(ids)) {
            Long seen = before.get(key.id());
            if (seen != null) {
                keep(key, startedAt, stripe(key.id()), seen);
            }
        }
    }

    /** A legacy token's look-up does not know its key beforehand, so every stripe is its fence. */
    @Nullable
    Key fillByDigest(Supplier<@Nullable Key> lookUp) {
        long[] before = new long[STRIPES];
        for (int i = 0; i < STRIPES; i++) {
            before[i] = applied.get(i);
        }
        long startedAt = System.nanoTime();
        Key key = lookUp.get();
        if (key != null) {
            int stripe = stripe(key.id());
            keep(key, startedAt, stripe, before[stripe]);
        }
        return key;
    }

    private void keep(Key key, long startedAt, int stripe, long before) {
        byId.asMap().compute(key.id(), (id, held) -> {
            boolean overtaken =
                    applied.get(stripe) != before || (held != null && held.key().version() > key.version());
            return overtaken ? held : new Cached(key, startedAt);
        });
        for (Secret secret : key.secrets()) {
            if (secret.indirect()) {
                idByDigest.put(secret.digest(), key.id());
            }
        }
    }

    /** A change of this key is known: whatever was being read is old, and nothing is held until it is read again. */
    void changed(String id) {
        count(id);
        byId.invalidate(id);
    }

    /** The key as a change left it; replaces what is held, never creates. */
    void refresh(Key key, long readAt) {
        count(key.id());
        byId.asMap()
                .computeIfPresent(
                        key.id(), (id, held) -> held.key().version() > key.version() ? held : new Cached(key, readAt));
    }

    private void count(String id) {
        applied.incrementAndGet(stripe(id));
        appliedToAny.incrementAndGet();
    }

    boolean holds(String id) {
        return byId.asMap().containsKey(id);
    }

    Collection<String> ids() {
        return byId.asMap().keySet();
    }

    /** To be taken before Redis is asked: what is said meanwhile may be old when it comes. */
    Fence fence(@Nullable String keyId) {
        return keyId == null ? new Fence(-1, appliedToAny.get()) : new Fence(stripe(keyId), applied.get(stripe(keyId)));
    }

    private boolean isOvertaken(Fence fence) {
        return fence.changes != (fence.stripe < 0 ? appliedToAny.get() : applied.get(fence.stripe));
    }

    /**
     * Why Redis had this digest, as this kind of key, refused within the last second, whatever it asked or for what it
     * asked; a change of its key ends it, and a change of any key if its token names none.
     */
    @Nullable
    Refusal lately(String sought, String asked, Instant now) {
        Refusal everywhere = lately(sought, now);
        return everywhere == null ? lately(asked, now) : everywhere;
    }

    private @Nullable Refusal lately(String name, Instant now) {
        Lately lately = refused.getIfPresent(name);
        if (lately == null || isOvertaken(lately.fence) || Deadlines.reached(lately.until, now)) {
            return null;
        }
        return lately.why;
    }

    void refuse(String name, Check check, Fence before, Instant now) {
        refused.put(name, new Lately(check.refusal(), before, check.changesAt(now)));
    }

    /** Changes may have been missed: ask again before believing, except in the grace. */
    void distrust() {
        trustedFrom = System.nanoTime();
        refused.invalidateAll();
    }

    /** The store is another one than before: nothing known is worth anything. */
    void forget() {
        for (int i = 0; i < STRIPES; i++) {
            applied.incrementAndGet(i);
        }
        appliedToAny.incrementAndGet();
        byId.invalidateAll();
        idByDigest.invalidateAll();
        refused.invalidateAll();
    }

    private static int stripe(String id) {
        return Math.floorMod(id.hashCode(), STRIPES);
    }
}
