package io.latchkey.ratelimit;

import io.github.bucket4j.Bandwidth;
import io.github.bucket4j.Bucket;
import io.github.bucket4j.TimeMeter;
import io.github.bucket4j.VerboseResult;
import io.github.bucket4j.local.LocalBucketBuilder;
import io.latchkey.ratelimit.Lease.Count;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/** What one node lets in on its own while Redis is gone: each quota divided by the nodes. */
final class LocalShare {
    private final Policies policies;
    private final int nodes;
    private final Lease known;
    private final InstantSource time;
    private final Instant[] firstEnds;
    /** Of the windows that end first: what was let in before this began, and what was left when it did. */
    private final long[] before;

    private final long[] atFirst;
    private final Bucket bucket;

    /**
     * {@code known} is what Redis last said: what it had used up stays used up.
     *
     * @param last what this node let in on its own until now: it stays let in, however often Redis comes and goes
     */
    LocalShare(Policies policies, int nodes, Lease known, InstantSource time, @Nullable LocalShare last) {
        this.policies = policies;
        this.nodes = nodes;
        this.known = known;
        this.time = time;
        firstEnds = new Instant[policies.enforced()];
        before = new long[policies.enforced()];
        atFirst = new long[policies.enforced()];
        LocalBucketBuilder builder = Bucket.builder().withCustomTimePrecision(meter(time));
        Instant now = time.instant();
        long nanos = System.nanoTime();
        for (int i = 0; i < policies.enforced(); i++) {
            Policy policy = policies.get(i);
            long share = share(policy);
            Count count = known.counts().get(i);
            boolean running = count.window() != 0 && count.end() - nanos > 0;
            before[i] = last == null ? 0 : last.letIn(i, now);
            long left = running ? Math.clamp(count.remaining(), 0, share) : share;
            atFirst[i] = Math.max(0, left - before[i]);
            if (running) {
                firstEnds[i] = now.plusNanos(count.end() - nanos);
            } else if (last != null && before[i] > 0) {
                firstEnds[i] = now.plus(last.untilEnd(i, now));
            } else {
                firstEnds[i] = policy.window().end(now);
            }
            builder.addLimit(Bandwidth.builder()
                    .capacity(share)
                    .refillIntervallyAligned(share, policy.window().length(), firstEnds[i])
                    .initialTokens(atFirst[i])
                    .build());
        }
        bucket = builder.build();
    }

    /** Whether so many nodes share, and Redis has said nothing since. */
    @SuppressWarnings("ReferenceEquality") // Whatever Redis says is a new record.
    boolean isFor(int otherNodes, Lease latest) {
        return nodes == otherNodes && known == latest;
    }

    Verdict take() {
        VerboseResult<Boolean> result = bucket.asVerbose().tryConsume(policies.cost());
        long[] available = result.getDiagnostics().getAvailableTokensPerEachBandwidth();
        List<Count> counts = new ArrayList<>(policies.size());
        Instant now = time.instant();
        long nanos = System.nanoTime();
        for (int i = 0; i < available.length; i++) {
            counts.add(new Count(available[i], nanos + untilEnd(i, now).toNanos(), 0));
        }
        Lease standing = new Lease(new AtomicLong(), -1, nanos, 0, counts, nanos, false);
        return new Verdict(result.getValue(), standing, 0);
    }

    /** Units that this node let in on its own in the window that is running. */
    private long letIn(int policy, Instant now) {
        long left =
                bucket.asVerbose().getAvailableTokens().getDiagnostics().getAvailableTokensPerEachBandwidth()[policy];
        long all = now.isBefore(firstEnds[policy]) ? before[policy] + atFirst[policy] : share(policies.get(policy));
        // The bucket may have begun its next window a moment before this clock says so.
        return Math.max(0, all - left);
    }

    /** At least one call, as long as the quota holds one: a share of nothing would be closed. */
    private long share(Policy policy) {
        long least = Math.min(policies.cost(), policy.quota());
        // More than one token a nanosecond is more than a bucket can count.
        long most = policy.window().length().toNanos();
        return Math.clamp(policy.quota() / nodes, least, most);
    }

    private Duration untilEnd(int policy, Instant now) {
        Duration past = Duration.between(firstEnds[policy], now);
        if (past.isNegative()) {
            return past.negated();
        }
        Duration length = policies.get(policy).window().length();
        return length.minus(past.minus(length.multipliedBy(past.dividedBy(length))));
    }

    private static TimeMeter meter(InstantSource time) {
        return new TimeMeter() {
            @Override
            public long currentTimeNanos() {
                return TimeUnit.MILLISECONDS.toNanos(time.millis());
            }

            @Override
            public boolean isWallClockBased() {
                return true;
            }
        };
    }
}
