package io.latchkey.keys;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.latchkey.problems.Refusal;
import io.latchkey.problems.Refused;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.springframework.stereotype.Component;

/**
 * Addresses that lately failed to show a key: beyond so many failures in a minute, nothing of theirs is looked up.
 *
 * <p>Only what proves nothing counts. The holder of a key that expired is no guesser, and its neighbours behind the same
 * address are none either: a secret that this node has verified lately is let pass whatever its address did.
 */
@Component
class FailedAttempts {
    private static final Duration WINDOW = Duration.ofMinutes(1);
    private static final int ADDRESSES_MAX = 100_000;
    private static final Set<Refusal> FAILURES =
            EnumSet.of(Refusal.KEY_MISSING, Refusal.KEY_MALFORMED, Refusal.KEY_UNKNOWN, Refusal.ADMIN_TOKEN_MISSING);

    private final Cache<String, Tally> tallies;
    private final InstantSource time;
    private final int most;

    FailedAttempts(KeysProperties properties, InstantSource time) {
        this.time = time;
        most = properties.failedAttemptsPerMinute();
        tallies = Caffeine.newBuilder()
                .maximumSize(ADDRESSES_MAX)
                .expireAfterWrite(WINDOW)
                .ticker(() -> TimeUnit.MILLISECONDS.toNanos(time.millis()))
                .build();
    }

    /** One address's failures since its first within a minute. */
    private record Tally(AtomicInteger failures, Instant end) {}

    /** Before anything is looked up. */
    void refuseTheBusy(String remoteAddr) {
        Tally tally = most == 0 ? null : tallies.getIfPresent(CidrBlock.callersNetwork(remoteAddr));
        if (tally != null && isTooMany(tally)) {
            throw refusal(tally);
        }
    }

    /** Counts a failure; what to tell the caller of it. */
    Refused counted(String remoteAddr, Refused refused) {
        if (most == 0 || !FAILURES.contains(refused.refusal())) {
            return refused;
        }
        Tally tally = tallies.get(
                CidrBlock.callersNetwork(remoteAddr),
                address -> new Tally(new AtomicInteger(), time.instant().plus(WINDOW)));
        if (isTooMany(tally)) {
            return refusal(tally);
        }
        tally.failures().incrementAndGet();
        return refused;
    }

    private boolean isTooMany(Tally tally) {
        return tally.failures().get() >= most;
    }

    private Refused refusal(Tally tally) {
        return new Refused(Refusal.LIMIT_EXCEEDED, "Too many requests without a working key came from this address.")
                .with("violatedPolicies", List.of("failed-attempts"))
                .retryAfter(Duration.between(time.instant(), tally.end()));
    }
}
