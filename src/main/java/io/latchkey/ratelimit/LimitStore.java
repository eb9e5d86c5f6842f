package io.latchkey.ratelimit;

import io.latchkey.store.Redis;
import io.latchkey.store.Script;
import io.latchkey.store.StoreUnavailable;
import io.lettuce.core.RedisException;
import io.lettuce.core.ScriptOutputType;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.stereotype.Component;

/** The counters in Redis: all policies of a call are one script. */
@Component
class LimitStore {
    private static final Logger log = LoggerFactory.getLogger(LimitStore.class);
    private static final Script TAKE = Script.of(LimitStore.class, "calendar.lua", "take.lua");
    private static final int HEAD = 2;
    private static final int PER_POLICY = 5;

    private final AtomicBoolean refusing = new AtomicBoolean();
    private final Redis redis;
    private final LimitMeters meters;

    LimitStore(Redis redis, LimitMeters meters) {
        this.redis = redis;
        this.meters = meters;
    }

    /** How many calls are asked for: by callers who wait, and in advance, of the rest at most one part in {@code share}. */
    record Wish(int waiting, long ahead, long share) {}

    /** The script's answer; see there. */
    record Taken(List<Long> numbers) {
        private long of(int policy, int field) {
            return numbers.get(HEAD + policy * PER_POLICY + field);
        }

        int granted() {
            return numbers.getFirst().intValue();
        }

        long ahead() {
            return numbers.get(1);
        }

        long used(int policy) {
            return of(policy, 0);
        }

        long millisLeft(int policy) {
            return of(policy, 1);
        }

        long window(int policy) {
            return of(policy, 2);
        }

        long paid(int policy) {
            return of(policy, 3);
        }

        long shadowRefused(int policy) {
            return of(policy, 4);
        }
    }

    boolean isUp() {
        return redis.isUp();
    }

    /** Null when Redis is gone, or refuses. */
    @Nullable
    Taken take(List<String> keys, Policies policies, Wish wish, Paid paid) {
        List<String> arguments = new ArrayList<>(4 + PER_POLICY * policies.size());
        arguments.add(Integer.toString(policies.cost()));
        arguments.add(Integer.toString(wish.waiting()));
        arguments.add(Long.toString(wish.ahead()));
        arguments.add(Long.toString(wish.share()));
        for (int i = 0; i < policies.size(); i++) {
            Policy policy = policies.get(i);
            arguments.add(Long.toString(policy.quota()));
            arguments.add(policy.windowArgument());
            arguments.add(policy.shadow() ? "1" : "0");
            arguments.add(Long.toString(paid.units(i)));
            arguments.add(Long.toString(paid.window(i)));
        }
        if (redis.isUp()) {
            meters.storeCall();
        }
        try {
            Taken taken = new Taken(redis.onRequest(TAKE, ScriptOutputType.MULTI, keys, arguments));
            if (refusing.getPlain()) {
                refusing.set(false);
            }
            return taken;
        } catch (StoreUnavailable | RedisException e) {
            // Of its being gone the store speaks; that it is there and refuses, nobody else would say.
            if (redis.isUp() && refusing.compareAndSet(false, true)) {
                log.warn("Redis does not count requests; this node lets in its share: {}", e.getMessage());
            }
            return null;
        }
    }
}
