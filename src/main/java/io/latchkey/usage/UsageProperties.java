package io.latchkey.usage;

import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import java.time.Duration;
import org.hibernate.validator.constraints.time.DurationMax;
import org.hibernate.validator.constraints.time.DurationMin;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.validation.annotation.Validated;

/**
 * How usage is counted.
 *
 * @param writeEvery how often a node writes what it counted; default 10s, 100ms to 5m; a node that is killed loses as much
 * @param keep for how long the series are kept; default 90 days, 32 to 400, for the budgets of a month are sums of it; about 45 bytes for each hour, key and route
 * @param cells how many hours, keys and routes a node holds before they are written; default 200000, about 200 bytes
 *     each; what comes beyond, while Redis is gone, is dropped and counted
 */
@Validated
@ConfigurationProperties("latchkey.usage")
record UsageProperties(
        @DefaultValue("10s") @DurationMin(millis = 100) @DurationMax(minutes = 5)
        Duration writeEvery,

        @DefaultValue("90d") @DurationMin(days = 32) @DurationMax(days = 400)
        Duration keep,

        @DefaultValue("200000") @Min(1000) @Max(10_000_000) int cells) {}
