package io.latchkey.overload;

import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import java.time.Duration;
import org.hibernate.validator.constraints.time.DurationMax;
import org.hibernate.validator.constraints.time.DurationMin;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.validation.annotation.Validated;

/**
 * When a request below {@code /api} is refused for want of room.
 *
 * @param maxInside most requests inside the gateway at a time, 1 to 1000000; default 2048: with the two buffers of 16
 *     KiB that each may hold, a quarter of a heap of 256 MiB. An event stream counts as long as it lasts. Danger: too
 *     many and the heap fills; too few and slow upstreams or streams shut others out
 * @param maxWaiting most requests that wait to come in, 0 to 1000000; default 8192. Beyond it 503
 * @param patience how long one waits, 0 s to 1 min; default 1 s. Then 503
 * @param maxDelay how long a thread may wait for a processor, 0 s to 10 s; default 2 s, 0 s switches the check off.
 *     While it waits longer, for half a second and more, a growing share of requests, up to a fifth, is refused with
 *     503. Danger: too short and a machine that is shared with others sheds load that it could serve
 */
@Validated
@ConfigurationProperties("latchkey.overload")
record OverloadProperties(
        @DefaultValue("2048") @Min(1) @Max(1_000_000) int maxInside,
        @DefaultValue("8192") @Min(0) @Max(1_000_000) int maxWaiting,

        @DefaultValue("1s") @DurationMin @DurationMax(minutes = 1)
        Duration patience,

        @DefaultValue("2s") @DurationMin @DurationMax(seconds = 10)
        Duration maxDelay) {}
