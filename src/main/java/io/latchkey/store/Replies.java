package io.latchkey.store;

import io.lettuce.core.RedisCommandExecutionException;
import io.lettuce.core.RedisFuture;
import io.lettuce.core.RedisNoScriptException;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Waits for what Redis answers, and tells an outage from a mistake of ours. */
final class Replies {
    private static final Pattern OUTAGE = Pattern.compile("^(LOADING|MASTERDOWN|CLUSTERDOWN|BUSY)\\b");
    // Redis before 7 hides the code of an error inside a script behind ERR.
    private static final Pattern REFUSAL = Pattern.compile("(^|ERR .*[:\\- ])"
            + "(READONLY|OOM|WRONGTYPE|MISCONF|NOREPLICAS|TRYAGAIN|MOVED|ASK|NOAUTH|WRONGPASS|NOPERM|UNBLOCKED) ");

    private Replies() {}

    static <T extends @Nullable Object> T await(RedisFuture<T> future, long nanos) {
        try {
            return future.get(nanos, TimeUnit.NANOSECONDS);
        } catch (TimeoutException e) {
            future.cancel(true);
            throw new StoreUnavailable("Redis did not answer in time");
        } catch (InterruptedException e) {
            future.cancel(true);
            Thread.currentThread().interrupt();
            throw new StoreUnavailable("Interrupted while waiting for Redis", e, true);
        } catch (CancellationException e) {
            throw new StoreUnavailable("The connection to Redis was closed", e, false);
        } catch (ExecutionException e) {
            Throwable cause = e.getCause();
            throw failure(cause == null ? e : cause);
        }
    }

    /** The exception to throw for one that Lettuce threw. */
    static RuntimeException failure(Throwable cause) {
        return switch (cause) {
            case StoreUnavailable unavailable -> unavailable;
            case RedisNoScriptException missing -> missing;
            case RedisCommandExecutionException reply -> ofReply(reply);
            default -> new StoreUnavailable("Redis is not reachable: " + cause.getMessage(), cause, false);
        };
    }

    private static RuntimeException ofReply(RedisCommandExecutionException reply) {
        String message = String.valueOf(reply.getMessage());
        if (OUTAGE.matcher(message).find()) {
            return new StoreUnavailable("Redis is not ready: " + message, reply, false);
        }
        if (REFUSAL.matcher(message).find()) {
            return new StoreUnavailable("Redis refused: " + message, reply, true);
        }
        return reply;
    }
}
