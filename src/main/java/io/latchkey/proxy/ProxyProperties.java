package io.latchkey.proxy;

import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import jakarta.validation.constraints.NotNull;
import java.time.Duration;
import org.hibernate.validator.constraints.time.DurationMax;
import org.hibernate.validator.constraints.time.DurationMin;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.validation.annotation.Validated;

/**
 * How the gateway connects to upstreams.
 *
 * @param maxConnectionsPerUpstream most connections to one host and port (default 512, 1 to 65535). A request that finds
 *     none free waits for the route's connect timeout and is then refused as overloaded. Too many let one slow upstream
 *     take the node's sockets.
 * @param connectionIdle how long an unused connection is kept (default 30s, 1s to 10m). Longer than the upstream keeps
 *     it means requests that fail because the upstream had just closed.
 * @param checkAfterIdle how long a connection may have been unused before it is checked for being closed, at the price
 *     of a millisecond (default 500ms, 0s to 10m). Too long means requests that fail on a dead connection.
 */
@Validated
@ConfigurationProperties("latchkey.proxy")
record ProxyProperties(
        @DefaultValue("512") @Min(1) @Max(65535) int maxConnectionsPerUpstream,

        @DefaultValue("30s") @NotNull @DurationMin(seconds = 1) @DurationMax(minutes = 10)
        Duration connectionIdle,

        @DefaultValue("500ms") @NotNull @DurationMin @DurationMax(minutes = 10)
        Duration checkAfterIdle) {}
