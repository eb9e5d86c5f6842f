package io.latchkey.store;

import io.lettuce.core.RedisException;
import io.lettuce.core.RedisFuture;
import io.lettuce.core.RedisNoScriptException;
import io.lettuce.core.ScriptOutputType;
import io.lettuce.core.cluster.api.async.RedisClusterAsyncCommands;
import java.util.List;
import java.util.function.Function;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The one connection to Redis: every command has a deadline, and fails at once while Redis is known to be gone.
 *
 * <p>All share it, so a command that blocks ({@code XREAD BLOCK}, {@code WAIT}) holds up everybody: it belongs on a
 * {@link #dedicated()} connection, together with the write that it waits for.
 */
// What a script returns, only its ScriptOutputType says.
@SuppressWarnings("TypeParameterUnusedInFormals")
public final class Redis implements AutoCloseable {
    /** The name of the Redis that keeps bytes which may be lost; each character of a value there is one byte. */
    public static final String CACHE = "cacheRedis";

    private static final Script TOUCH = Script.of(Redis.class, "touch.lua");

    private final Server server;
    private final HardenedClient client;
    private final Link link;
    private final long requestNanos;
    private final long adminNanos;
    private final StoreMeters meters;
    private final @Nullable ConfirmedWrites confirmed;
    private volatile boolean ready;

    Redis(Server server, HardenedClient client, Link link, StoreProperties properties, StoreMeters meters) {
        this.server = server;
        this.client = client;
        this.link = link;
        this.requestNanos = properties.requestTimeout().toNanos();
        this.adminNanos = properties.adminTimeout().toNanos();
        this.meters = meters;
        int replicas = properties.replicasToConfirm(server);
        this.confirmed = replicas == 0 ? null : new ConfirmedWrites(client, replicas, adminNanos);
    }

    /** One command on a request's path, within {@code request-timeout}; at once {@link StoreUnavailable} when down. */
    public <T extends @Nullable Object> T onRequest(
            Function<RedisClusterAsyncCommands<String, String>, ? extends RedisFuture<T>> command) {
        return guarded(() -> run(command, requestNanos));
    }

    /** One command of an admin act or of background work, within {@code admin-timeout}. */
    public <T extends @Nullable Object> T onAdmin(
            Function<RedisClusterAsyncCommands<String, String>, ? extends RedisFuture<T>> command) {
        return timed(() -> run(command, adminNanos));
    }

    /** A script on a request's path, within {@code request-timeout}; at once {@link StoreUnavailable} when down. */
    @SuppressWarnings("TypeParameterUnusedInFormals") // What a script answers, only its caller knows.
    public <T extends @Nullable Object> T onRequest(
            Script script, ScriptOutputType type, List<String> keys, List<String> args) {
        return guarded(() -> run(script, type, keys, args, requestNanos));
    }

    /** A script of an admin act or of background work, within {@code admin-timeout}. */
    @SuppressWarnings("TypeParameterUnusedInFormals") // What a script answers, only its caller knows.
    public <T extends @Nullable Object> T onAdmin(
            Script script, ScriptOutputType type, List<String> keys, List<String> args) {
        return timed(() -> run(script, type, keys, args, adminNanos));
    }

    /**
     * A script whose change, if its answer says that it {@code changed} something, somebody will be told of: done when
     * as many replicas as configured have it, within {@code admin-timeout}. {@link StoreUnavailable} leaves open
     * whether it was done.
     */
    public <T extends @Nullable Object> T confirmed(
            Script script, ScriptOutputType type, List<String> keys, List<String> args, Predicate<T> changed) {
        if (confirmed == null) {
            return onAdmin(script, type, keys, args);
        }
        // Else it would be waited for a connection.
        if (!link.isUp()) {
            throw new StoreUnavailable("Redis is not available");
        }
        return confirmed.run(script, type, keys.toArray(String[]::new), args.toArray(String[]::new), changed);
    }

    /** What was written before, by whomever, is confirmed when this returns; {@code key} says on which server. */
    public void confirmEarlier(String key) {
        if (confirmed != null) {
            this.<String>confirmed(TOUCH, ScriptOutputType.STATUS, List.of(key), List.of(), touched -> true);
        }
    }

    /** Many commands at once: returns when all were answered, throws when one was not within {@code admin-timeout}. */
    public void pipeline(Function<RedisClusterAsyncCommands<String, String>, List<? extends RedisFuture<?>>> commands) {
        pipeline(commands, adminNanos);
    }

    /** The same on a request's path, within {@code request-timeout}; at once {@link StoreUnavailable} when down. */
    public void pipelineOnRequest(
            Function<RedisClusterAsyncCommands<String, String>, List<? extends RedisFuture<?>>> commands) {
        boolean unused = guarded(() -> {
            pipeline(commands, requestNanos);
            return true;
        });
    }

    private void pipeline(
            Function<RedisClusterAsyncCommands<String, String>, List<? extends RedisFuture<?>>> commands, long nanos) {
        long deadline = System.nanoTime() + nanos;
        List<? extends RedisFuture<?>> sent = send(commands);
        try {
            for (RedisFuture<?> future : sent) {
                Replies.await(future, deadline - System.nanoTime());
            }
        } finally {
            // Of those that were answered nothing is left to cancel.
            sent.forEach(future -> future.cancel(true));
        }
    }

    /** A connection of one's own, for reads that block; the caller closes it. */
    public DedicatedConnection dedicated() {
        return new DedicatedConnection(client);
    }

    /** Whether Redis answers at present, as far as this node knows. */
    public boolean isUp() {
        return link.isUp();
    }

    /** Whether all listeners of {@link StoreReady} succeeded. */
    public boolean isReady() {
        return ready;
    }

    /** {@code embedded}, {@code standalone}, {@code sentinel} or {@code cluster}. */
    public String mode() {
        return server.mode();
    }

    /** Whether this is the embedded Redis and held nothing before this start. */
    public boolean isFreshEmbedded() {
        return server.isFresh();
    }

    void ready() {
        ready = true;
    }

    /** The connections that only writes use; the shared one is the {@link Link}'s. */
    @Override
    public void close() {
        if (confirmed != null) {
            confirmed.close();
        }
    }

    private interface Attempt<T extends @Nullable Object> {
        T run();
    }

    private <T extends @Nullable Object> T guarded(Attempt<T> attempt) {
        if (!link.isUp()) {
            throw new StoreUnavailable("Redis is not available");
        }
        long begun = System.nanoTime();
        try {
            T answer = attempt.run();
            link.answered();
            return answer;
        } catch (StoreUnavailable e) {
            link.failed(e);
            throw e;
        } finally {
            meters.onRequest(begun);
        }
    }

    private <T extends @Nullable Object> T timed(Attempt<T> attempt) {
        long begun = System.nanoTime();
        try {
            return attempt.run();
        } finally {
            meters.onAdmin(begun);
        }
    }

    @SuppressWarnings("TypeParameterUnusedInFormals") // What a script answers, only its caller knows.
    private <T extends @Nullable Object> T run(
            Script script, ScriptOutputType type, List<String> keys, List<String> args, long nanos) {
        long deadline = System.nanoTime() + nanos;
        String[] keyArray = keys.toArray(String[]::new);
        String[] argArray = args.toArray(String[]::new);
        try {
            return run(redis -> redis.<T>evalsha(script.sha(), type, keyArray, argArray), nanos);
        } catch (RedisNoScriptException e) {
            // Redis was restarted or flushed; the script did not run.
            return run(redis -> redis.<T>eval(script.source(), type, keyArray, argArray), deadline - System.nanoTime());
        }
    }

    private <T extends @Nullable Object> T run(
            Function<RedisClusterAsyncCommands<String, String>, ? extends RedisFuture<T>> command, long nanos) {
        return Replies.await(send(command), nanos);
    }

    private <F> F send(Function<RedisClusterAsyncCommands<String, String>, F> command) {
        try {
            return command.apply(link.commands());
        } catch (RedisException e) {
            throw Replies.failure(e);
        }
    }
}
