package io.latchkey.cache;

import java.time.Duration;
import org.hibernate.validator.constraints.time.DurationMax;
import org.hibernate.validator.constraints.time.DurationMin;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.util.unit.DataSize;
import org.springframework.validation.annotation.Validated;

/**
 * How much of what upstreams answered is kept, and for how long.
 *
 * @param disabled whether nothing is stored or served from the store, {@code DISABLE_CACHING}; default false; fallbacks
 *     of routes still work
 * @param memory bytes of answers kept in this process; default 16MB; it comes out of the heap
 * @param nearTtl for how long an answer in this process is served before Redis is asked whether it still stands; default
 *     5s, 0s to 60s; longer = another node may serve for longer what was invalidated here
 * @param buffers bytes that all answers being recorded and all bodies being digested may take at a time; default 16MB;
 *     beyond it requests go past the cache
 * @param longest for how long an answer is kept at most, whatever it says; default 24h, 1s to 30d
 */
@Validated
@ConfigurationProperties("latchkey.cache")
record CacheProperties(
        @DefaultValue("false") boolean disabled,
        @DefaultValue("16MB") DataSize memory,

        @DefaultValue("5s") @DurationMin @DurationMax(seconds = 60)
        Duration nearTtl,

        @DefaultValue("16MB") DataSize buffers,

        @DefaultValue("24h") @DurationMin(seconds = 1) @DurationMax(days = 30)
        Duration longest) {}
