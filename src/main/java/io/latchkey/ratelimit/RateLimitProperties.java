package io.latchkey.ratelimit;

import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import java.time.Duration;
import org.hibernate.validator.constraints.time.DurationMax;
import org.hibernate.validator.constraints.time.DurationMin;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.validation.annotation.Validated;

/**
 * Limits where neither route nor key says anything.
 *
 * @param disabled switches limits, quotas and slots off (environment: DISABLE_RATE_LIMITING); default false; true = one
 *     caller can take all
 * @param defaultQuota calls of one key per {@code defaultWindow}, over all routes without a policy; default 100000
 * @param defaultWindow for the above; default 1m, 1s to 24h
 * @param addressQuota calls of one address per {@code addressWindow} to a public route without a limit; default 10
 * @param addressWindow for the above; default 10s, 1s to 24h
 * @param legacyHeaders whether {@code X-RateLimit-Limit}, {@code -Remaining} and {@code -Reset} are sent too; default
 *     false
 * @param cacheSize keys, and as many addresses, whose state is in memory per node; default 100000, about 1 KiB each;
 *     fewer = leases are lost
 */
@Validated
@ConfigurationProperties("latchkey.rate-limiting")
record RateLimitProperties(
        @DefaultValue("false") @Nullable Boolean disabled,

        @DefaultValue("100000") @Min(1) @Max(1_000_000_000_000L)
        long defaultQuota,

        @DefaultValue("1m") @DurationMin(seconds = 1) @DurationMax(hours = 24)
        Duration defaultWindow,

        @DefaultValue("10") @Min(1) @Max(1_000_000_000_000L) long addressQuota,

        @DefaultValue("10s") @DurationMin(seconds = 1) @DurationMax(hours = 24)
        Duration addressWindow,

        @DefaultValue("false") boolean legacyHeaders,
        @DefaultValue("100000") @Min(100) @Max(10_000_000) int cacheSize) {

    /** An empty variable switches nothing off. */
    boolean isDisabled() {
        return Boolean.TRUE.equals(disabled);
    }
}
