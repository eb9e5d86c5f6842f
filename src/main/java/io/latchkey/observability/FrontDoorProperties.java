package io.latchkey.observability;

import io.latchkey.keys.CidrBlock;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import java.time.Duration;
import java.util.List;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.util.unit.DataSize;
import org.springframework.validation.annotation.Validated;

/**
 * What the front door lets in before anybody has looked at a request.
 *
 * @param maxConnections open client connections, 1 to 1000000; default 10000. Beyond it new ones wait in the backlog of
 *     the kernel. Danger: too low and idle keep-alive clients lock others out
 * @param maxHeaderSize request line and header fields together, also the trailers, 1 KiB to 64 KiB; default 8 KiB.
 *     Beyond it 431, or 414 while in the request line. Danger: each connection may hold this much memory
 * @param maxHeaderFields header fields of a request, 10 to 1000; default 100. Beyond it 431
 * @param headerTimeout time from the first byte of a request to the end of its header, 1 s to 120 s; default 10 s.
 *     Then 408. Danger: too long and slow senders hold connections
 * @param idleTimeout time without a single byte in either direction, 1 s to 1 h; default 60 s. Danger: an answer that
 *     is silent for longer, such as an event stream without heartbeats, is cut
 * @param minBodyRate bytes a second that a request body must average after its first 10 s; default 256 B, 0 B switches
 *     the check off. Below it 408. Danger: off, a slow sender holds an upstream connection
 * @param minAnswerRate bytes a second that a caller must take of its answer, 0 B to 1 MiB; default 1 KiB, 0 B switches
 *     the check off. Each piece of 32 KiB has this long, and {@code answerGrace} besides; then the connection is cut and
 *     the upstream released. Danger: off, a slow reader holds an upstream connection until the route's total timeout
 * @param answerGrace how long a caller may take nothing at all, 1 s to 10 min; default 10 s
 * @param stopDelay how long the gateway goes on as before when it is told to stop, with its readiness refused, before it
 *     accepts no more connections, 0 s to 60 s; default 0 s. Danger: shorter than a balancer that asks for the readiness
 *     takes to hear of it, and callers are sent where nobody listens
 * @param trustedProxies addresses and CIDR blocks of the proxies in front, whose {@code X-Forwarded-For} and
 *     {@code X-Forwarded-Proto} are believed; default none. Danger: a block too wide lets callers choose their address,
 *     and with it their limits and allowed networks
 */
@Validated
@ConfigurationProperties("latchkey.front-door")
record FrontDoorProperties(
        @DefaultValue("10000") @Min(1) @Max(1_000_000) int maxConnections,
        @DefaultValue("8KB") DataSize maxHeaderSize,
        @DefaultValue("100") @Min(10) @Max(1000) int maxHeaderFields,
        @DefaultValue("10s") Duration headerTimeout,
        @DefaultValue("60s") Duration idleTimeout,
        @DefaultValue("256B") DataSize minBodyRate,
        @DefaultValue("1KB") DataSize minAnswerRate,
        @DefaultValue("10s") Duration answerGrace,
        @DefaultValue("0s") Duration stopDelay,
        @DefaultValue List<String> trustedProxies) {

    private static final long LARGEST_WRITE = 32 * 1024;

    FrontDoorProperties {
        range("max-header-size", maxHeaderSize, DataSize.ofKilobytes(1), DataSize.ofKilobytes(64));
        range("header-timeout", headerTimeout, Duration.ofSeconds(1), Duration.ofSeconds(120));
        range("idle-timeout", idleTimeout, Duration.ofSeconds(1), Duration.ofHours(1));
        range("min-body-rate", minBodyRate, DataSize.ofBytes(0), DataSize.ofMegabytes(1));
        range("min-answer-rate", minAnswerRate, DataSize.ofBytes(0), DataSize.ofMegabytes(1));
        range("answer-grace", answerGrace, Duration.ofSeconds(1), Duration.ofMinutes(10));
        range("stop-delay", stopDelay, Duration.ZERO, Duration.ofSeconds(60));
        trustedProxies = List.copyOf(trustedProxies);
        for (String proxy : trustedProxies) {
            try {
                CidrBlock.parse(proxy);
            } catch (IllegalArgumentException e) {
                throw new IllegalArgumentException(
                        "latchkey.front-door.trusted-proxies: '" + proxy + "': " + e.getMessage(), e);
            }
        }
    }

    /** How long one write of an answer may take, which is 32 KiB at most; zero = as long as it likes. */
    Duration writeTimeout() {
        long rate = minAnswerRate.toBytes();
        return rate == 0 ? Duration.ZERO : answerGrace.plusMillis(LARGEST_WRITE * 1000 / rate);
    }

    List<CidrBlock> trustedBlocks() {
        return trustedProxies.stream().map(CidrBlock::parse).toList();
    }

    private static <T extends Comparable<T>> void range(String name, T value, T least, T most) {
        if (value.compareTo(least) < 0 || value.compareTo(most) > 0) {
            throw new IllegalArgumentException(
                    "latchkey.front-door." + name + " must be between " + least + " and " + most + ", not " + value);
        }
    }
}
