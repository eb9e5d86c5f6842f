package io.latchkey.ratelimit;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;

/** Slots by the name of whose they are; the same ones for as long as a request under way holds one of them. */
final class SlotBook {
    // Whoever is forgotten meanwhile, by a full cache or a change of routes, must not come back with all slots free.
    private final Cache<String, Slots> known =
            Caffeine.newBuilder().weakValues().build();

    Slots of(String name) {
        return known.get(name, unused -> new Slots());
    }
}
