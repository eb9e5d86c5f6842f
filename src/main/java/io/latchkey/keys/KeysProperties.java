package io.latchkey.keys;

import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import java.time.Duration;
import org.hibernate.validator.constraints.time.DurationMax;
import org.hibernate.validator.constraints.time.DurationMin;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.validation.annotation.Validated;

/**
 * How keys are checked.
 *
 * @param legacyKey a key that callers already use, seeded once into an empty store (environment: API_KEY); default none
 * @param nodeId this node's name among the live nodes (environment: LATCHKEY_NODE_ID); default host name and a random
 *     part; two nodes with one name hide each other's acknowledgements
 * @param grace how long a secret that Redis confirmed keeps working without Redis; default 60s, 0s = closed at once;
 *     longer = a revocation can be missed for longer by a node that does not reach Redis
 * @param cacheSize keys kept in memory per node; default 100000, about 1 KiB each; fewer = more Redis reads
 * @param evidenceEvery how often a node writes last-used times and callers; default 5s, at most 60s; shorter = more
 *     writes to Redis
 * @param failedAttemptsPerMinute requests without a working key that one address, of IPv6 a /64, may send in a minute
 *     before nothing of it is looked up; default 100, 0 = as many as it likes; too few and a broken client locks out
 *     new keys behind the same address
 */
@Validated
@ConfigurationProperties("latchkey.keys")
record KeysProperties(
        @DefaultValue("") String legacyKey,
        @DefaultValue("") String nodeId,

        @DefaultValue("60s") @DurationMin(seconds = 0) @DurationMax(hours = 24)
        Duration grace,

        @DefaultValue("100000") @Min(100) @Max(10_000_000) int cacheSize,

        @DefaultValue("5s") @DurationMin(millis = 100) @DurationMax(seconds = 60)
        Duration evidenceEvery,

        @DefaultValue("100") @Min(0) @Max(1_000_000) int failedAttemptsPerMinute) {}
