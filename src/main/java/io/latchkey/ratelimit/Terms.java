package io.latchkey.ratelimit;

import io.latchkey.keys.Keys;
import java.time.InstantSource;
import org.springframework.stereotype.Component;

/** What all accounts of this node have in common. */
@Component
record Terms(LimitStore store, LimitMeters meters, Keys keys, InstantSource time, RateLimitProperties properties) {
    /** Live nodes, as last known. */
    int nodes() {
        return keys.liveNodes();
    }

    boolean legacyHeaders() {
        return properties.legacyHeaders();
    }
}
