package io.latchkey.store;

import io.lettuce.core.RedisFuture;
import io.lettuce.core.RedisNoScriptException;
import io.lettuce.core.ScriptOutputType;
import io.lettuce.core.cluster.api.async.RedisClusterAsyncCommands;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Writes that are done when replicas have them, so that a fail-over does not undo what somebody was told.
 *
 * <p>On connections of their own: {@code WAIT} holds up whatever comes after it, and waits for what was written before
 * it on the same connection.
 */
// What a script returns, only its ScriptOutputType says.
@SuppressWarnings("TypeParameterUnusedInFormals")
final class ConfirmedWrites implements AutoCloseable {
    /** Writers at once; more of them would only get in each other's way. */
    private static final int CONNECTIONS = 16;

    private final HardenedClient client;
    private final int replicas;
    private final long nanos;
    private final Semaphore places = new Semaphore(CONNECTIONS, /* fair= */ true);
    private final Queue<Line> idle = new ConcurrentLinkedQueue<>();
    private volatile boolean closed;

    ConfirmedWrites(HardenedClient client, int replicas, long nanos) {
        this.client = client;
        this.replicas = replicas;
        this.nanos = nanos;
    }

    /**
     * Confirms what the script did if its answer says that it {@code changed} something. Throws {@link
     * StoreUnavailable} when it is not known whether the change lasts; it may be there all the same.
     */
    <T extends @Nullable Object> T run(
            Script script, ScriptOutputType type, String[] keys, String[] args, Predicate<T> changed) {
        long deadline = System.nanoTime() + nanos;
        take(deadline);
        try {
            Line line = open(deadline);
            boolean sound = false;
            try {
                // In a cluster, too, all goes to the one server that keeps the key.
                RedisClusterAsyncCommands<String, String> server = line.commandsOf(keys[0], deadline);
                long connection = await(server, RedisClusterAsyncCommands::clientId, deadline);
                T answer = eval(server, script, type, keys, args, deadline);
                if (changed.test(answer)) {
                    confirm(server, connection, deadline);
                }
                sound = true;
                return answer;
            } finally {
                giveBack(line, sound);
            }
        } finally {
            places.release();
        }
    }

    private static <T extends @Nullable Object> T eval(
            RedisClusterAsyncCommands<String, String> redis,
            Script script,
            ScriptOutputType type,
            String[] keys,
            String[] args,
            long deadline) {
        try {
            return await(redis, commands -> commands.<T>evalsha(script.sha(), type, keys, args), deadline);
        } catch (RedisNoScriptException e) {
            return await(redis, commands -> commands.<T>eval(script.source(), type, keys, args), deadline);
        }
    }

    private void confirm(RedisClusterAsyncCommands<String, String> redis, long connection, long deadline) {
        long millis = Math.max(1, TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime()));
        // Redis ends the wait by itself; what it then says takes a moment to come here.
        long late = deadline + nanos;
        long confirmed = await(redis, commands -> commands.waitForReplication(replicas, millis), late);
        if (confirmed < replicas) {
            throw new StoreUnavailable("Only " + confirmed + " of " + replicas + " replicas confirmed the change");
        }
        // A connection that was made anew meanwhile has written nothing that it could have waited for.
        if (await(redis, RedisClusterAsyncCommands::clientId, late) != connection) {
            throw new StoreUnavailable("The connection to Redis was lost before the change was confirmed");
        }
    }

    private static <T extends @Nullable Object> T await(
            RedisClusterAsyncCommands<String, String> redis,
            Function<RedisClusterAsyncCommands<String, String>, RedisFuture<T>> command,
            long deadline) {
        // What is sent too late may be done, and nobody would know.
        if (System.nanoTime() - deadline >= 0) {
            throw new StoreUnavailable("Redis did not answer in time");
        }
        return Replies.await(command.apply(redis), deadline - System.nanoTime());
    }

    private void take(long deadline) {
        try {
            if (!places.tryAcquire(deadline - System.nanoTime(), TimeUnit.NANOSECONDS)) {
                throw new StoreUnavailable("Too many changes at once");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new StoreUnavailable("Interrupted while waiting for Redis", e, true);
        }
    }

    private Line open(long deadline) {
        Line known = idle.poll();
        while (known != null && !known.isOpen()) {
            known.close();
            known = idle.poll();
        }
        return known == null ? client.connect(deadline - System.nanoTime()) : known;
    }

    /** One that failed may still be answered what nobody waits for, or lead to a server that is no master any more. */
    private void giveBack(Line line, boolean sound) {
        if (sound && !closed) {
            idle.add(line);
        } else {
            line.close();
        }
    }

    @Override
    public void close() {
        closed = true;
        for (Line open = idle.poll(); open != null; open = idle.poll()) {
            open.close();
        }
    }
}
