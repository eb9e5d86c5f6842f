package io.latchkey.cache;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.stats.CacheStats;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLongArray;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/**
 * The answers in this process, and which resources nobody should wait for.
 *
 * <p>An invalidation moves the fence of the resource's stripe: what was put behind it is no longer found, and what was
 * asked of the upstream before it is no longer put.
 */
@Component
class NearTier {
    private static final int STRIPES = 4096;
    private static final Duration NOT_WORTH_WAITING = Duration.ofSeconds(5);
    private static final int MOST_MARKS = 10_000;

    private final Cache<Place, Copy> copies;
    private final Cache<Place, Boolean> marks;
    private final AtomicLongArray fences = new AtomicLongArray(STRIPES);
    private final long ttlNanos;

    NearTier(CacheProperties properties) {
        copies = Caffeine.newBuilder()
                .maximumWeight(properties.memory().toBytes())
                .weigher((Place place, Copy copy) ->
                        copy.slot.weight() + 2 * place.target().length())
                .recordStats()
                .build();
        marks = Caffeine.newBuilder()
                .maximumSize(MOST_MARKS)
                .expireAfterWrite(NOT_WORTH_WAITING)
                .build();
        ttlNanos = properties.nearTtl().toNanos();
    }

    /** A slot, and until when it is believed without asking. */
    static final class Copy {
        final Slot slot;
        private final long fence;
        private volatile long confirmedAt = System.nanoTime();

        Copy(Slot slot, long fence) {
            this.slot = slot;
            this.fence = fence;
        }

        /** The store said that it still stands. */
        void confirm() {
            confirmedAt = System.nanoTime();
        }
    }

    @Nullable
    Copy get(Place place) {
        Copy copy = copies.getIfPresent(place);
        return copy != null && copy.fence == fence(place) ? copy : null;
    }

    boolean isBelieved(Copy copy) {
        return System.nanoTime() - copy.confirmedAt < ttlNanos;
    }

    long fence(Place place) {
        return fences.get(place.stripe(STRIPES));
    }

    void put(Place place, Slot slot, long fence) {
        if (fence == fence(place)) {
            copies.put(place, new Copy(slot, fence));
        }
    }

    void remove(Place place) {
        copies.invalidate(place);
    }

    void invalidate(Place place) {
        fences.incrementAndGet(place.stripe(STRIPES));
    }

    void clear() {
        for (int i = 0; i < STRIPES; i++) {
            fences.incrementAndGet(i);
        }
        copies.invalidateAll();
    }

    /** The last answer here could not be kept: whoever waited for it would have waited in vain. */
    void mark(Place place) {
        marks.put(place, true);
    }

    boolean isMarked(Place place) {
        return marks.getIfPresent(place) != null;
    }

    long entries() {
        return copies.estimatedSize();
    }

    long bytes() {
        return copies.policy()
                .eviction()
                .map(eviction -> eviction.weightedSize().orElse(0))
                .orElse(0L);
    }

    long evictions() {
        CacheStats stats = copies.stats();
        return stats.evictionCount();
    }
}
