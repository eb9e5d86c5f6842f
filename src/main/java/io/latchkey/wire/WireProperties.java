package io.latchkey.wire;

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
 * @param checkAfterIdle how long a connection may have been unused before it is checked for being closed (default 50ms,
 *     0s to 10m); a check costs a microsecond, under TLS a millisecond. Too long means requests that fail on a dead
 *     connection.
 * @param connectionAge how long a connection is used at all (default 5m, 1s to 1d), so that a change of DNS is followed
 *     under constant traffic too. Too short means a handshake for many requests.
 */
@Validated
@ConfigurationProperties("latchkey.wire")
record WireProperties(
        @DefaultValue("512") @Min(1) @Max(65535) int maxConnectionsPerUpstream,

        @DefaultValue("30s") @NotNull @DurationMin(seconds = 1) @DurationMax(minutes = 10)
        Duration connectionIdle,

        @DefaultValue("50ms") @NotNull @DurationMin @DurationMax(minutes = 10)
        Duration checkAfterIdle,

        @DefaultValue("5m") @NotNull @DurationMin(seconds = 1) @DurationMax(days = 1)
        Duration connectionAge) {}
