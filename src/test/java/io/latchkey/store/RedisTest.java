package io.latchkey.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.lettuce.core.RedisCommandExecutionException;
import io.lettuce.core.RedisFuture;
import io.lettuce.core.ScriptOutputType;
import io.lettuce.core.StreamMessage;
import io.lettuce.core.XReadArgs;
import io.lettuce.core.XReadArgs.StreamOffset;
import io.lettuce.core.cluster.api.async.RedisClusterAsyncCommands;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RedisTest {
    private static final Script SET_TWICE = Script.of(RedisTest.class, "twice.lua", "set-twice.lua");

    @TempDir
    static Path directory;

    private RedisServer server;
    private StoreApp app;
    private Redis redis;

    @BeforeEach
    void start() {
        server = RedisServer.started(directory);
        app = StoreApp.on(server.url(), "--latchkey.store.admin-timeout=10s");
        redis = app.redis();
    }

    @AfterEach
    void stop() {
        app.close();
        server.close();
    }

    @Test
    void hangingRedisFailsRequestsInTimeThenAtOnceAndHealsAlone() {
        server.pause();
        for (int i = 0; i < 3; i++) {
            assertThatExceptionOfType(StoreUnavailable.class)
                    .isThrownBy(() -> redis.onRequest(commands -> commands.get("any")));
        }
        assertThat(redis.isUp()).isFalse();
        assertThatExceptionOfType(StoreUnavailable.class)
                .isThrownBy(() -> redis.onRequest(commands -> {
                    throw new AssertionError("sent although Redis is known to be gone");
                }));
        server.resume();
        await().until(redis::isUp);
        assertThat(redis.<String>onRequest(commands -> commands.ping())).isEqualTo("PONG");
    }

    @Test
    void hangingRedisIsNoticedWithoutAnyRequest() {
        server.pause();
        await().until(() -> !redis.isUp());
        server.resume();
        await().until(redis::isUp);
    }

    @Test
    void hangingServerIsReplacedByTheOneThatAnswersOnTheSameAddress() {
        server.pause();
        await().until(() -> !redis.isUp());
        server.kill9();
        server.start();
        await().until(redis::isUp);
    }

    @Test
    void connectionThatWentSilentIsReplaced() throws Exception {
        try (Wire wire = new Wire(server.port());
                StoreApp distant = StoreApp.on("redis://127.0.0.1:" + wire.port())) {
            Redis there = distant.redis();
            assertThat(there.isUp()).isTrue();
            wire.silenceOpenConnections();
            await().until(() -> !there.isUp());
            await().atMost(Duration.ofSeconds(20)).until(there::isUp);
        }
    }

    @Test
    void restartedRedisIsFoundAgain() {
        server.kill9();
        assertThatExceptionOfType(StoreUnavailable.class)
                .isThrownBy(() -> redis.onAdmin(commands -> commands.get("any")));
        await().until(() -> !redis.isUp());
        server.start();
        await().until(redis::isUp);
    }

    @Test
    void writeThatWasUnderWayWhenTheConnectionBrokeIsNotSentAgain() throws Exception {
        redis.onAdmin(commands -> commands.del("counter"));
        server.pause();
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            CompletableFuture<Void> sent = new CompletableFuture<>();
            var increment = threads.submit(() -> redis.onAdmin(commands -> {
                var future = commands.incr("counter");
                sent.complete(null);
                return future;
            }));
            sent.get(5, TimeUnit.SECONDS);
            server.kill9();
            assertThatThrownBy(() -> increment.get(5, TimeUnit.SECONDS))
                    .isInstanceOf(ExecutionException.class)
                    .hasCauseInstanceOf(StoreUnavailable.class);
        }
        server.start();
        await().until(redis::isUp);
        assertThat(redis.<String>onAdmin(commands -> commands.get("counter"))).isNull();
    }

    @Test
    void scriptRunsAlsoAfterRedisForgotIt() {
        List<String> keys = List.of("answer");
        assertThat(redis.<String>onRequest(SET_TWICE, ScriptOutputType.VALUE, keys, List.of("21")))
                .isEqualTo("42");
        redis.onAdmin(commands -> commands.scriptFlush());
        assertThat(redis.<String>onRequest(SET_TWICE, ScriptOutputType.VALUE, keys, List.of("4")))
                .isEqualTo("8");
        redis.onAdmin(commands -> commands.scriptFlush());
        assertThat(redis.<String>onAdmin(SET_TWICE, ScriptOutputType.VALUE, keys, List.of("5")))
                .isEqualTo("10");
    }

    @Test
    void refusalsOfRedisAreStoreFailuresButNoOutage() {
        redis.onAdmin(commands -> commands.del("text", "full"));
        redis.onAdmin(commands -> commands.set("text", "no list"));
        for (int i = 0; i < 5; i++) {
            assertThatExceptionOfType(StoreUnavailable.class)
                    .isThrownBy(() -> redis.onRequest(commands -> commands.lpush("text", "x")));
        }
        redis.onAdmin(commands -> commands.configSet("maxmemory", "1"));
        assertThatExceptionOfType(StoreUnavailable.class)
                .isThrownBy(() -> redis.onRequest(commands -> commands.set("full", "x")));
        redis.onAdmin(commands -> commands.configSet("maxmemory", "0"));
        assertThat(redis.isUp()).isTrue();
    }

    @Test
    void ourOwnMistakesAreNotBlamedOnTheStore() {
        assertThatExceptionOfType(RedisCommandExecutionException.class)
                .isThrownBy(() ->
                        redis.onAdmin(commands -> commands.eval("return no_such_function()", ScriptOutputType.VALUE)));
    }

    @Test
    void pipelineReturnsWhenAllWereAnsweredAndFailsWhenOneWasNot() {
        redis.onAdmin(commands -> commands.del("a", "b"));
        redis.pipeline(commands -> List.of(commands.incr("a"), commands.incr("b")));
        assertThat(redis.<Long>onAdmin(commands -> commands.exists("a", "b"))).isEqualTo(2);
        redis.onAdmin(commands -> commands.set("text", "no list"));
        assertThatExceptionOfType(StoreUnavailable.class)
                .isThrownBy(() -> redis.pipeline(commands -> List.of(commands.incr("a"), commands.lpush("text", "x"))));
    }

    @Test
    void blockingReadHoldsUpNobodyAndOutlivesARestart() throws Exception {
        try (DedicatedConnection reader = redis.dedicated();
                var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            var read = threads.submit(() -> reader.run(Duration.ofSeconds(5), commands -> readNews(commands, 5_000)));
            await().until(() ->
                    redis.<String>onAdmin(commands -> commands.clientList()).contains("cmd=xread"));
            redis.onAdmin(commands -> commands.xadd("news", "headline", "it works"));
            assertThat(read.get(10, TimeUnit.SECONDS)).hasSize(1);

            server.kill9();
            assertThatExceptionOfType(StoreUnavailable.class)
                    .isThrownBy(() -> reader.run(Duration.ZERO, commands -> commands.ping()));
            server.start();
            assertThat(reader.<String>run(Duration.ZERO, commands -> commands.ping()))
                    .isEqualTo("PONG");
        }
    }

    @Test
    void closingEndsAReadThatBlocks() throws Exception {
        DedicatedConnection reader = redis.dedicated();
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            var read = threads.submit(() -> reader.run(Duration.ofMinutes(5), commands -> readNews(commands, 300_000)));
            await().until(() ->
                    redis.<String>onAdmin(commands -> commands.clientList()).contains("cmd=xread"));
            reader.close();
            assertThatThrownBy(() -> read.get(10, TimeUnit.SECONDS)).hasCauseInstanceOf(StoreUnavailable.class);
        }
    }

    @SuppressWarnings("unchecked")
    private static RedisFuture<List<StreamMessage<String, String>>> readNews(
            RedisClusterAsyncCommands<String, String> commands, long millis) {
        return commands.xread(XReadArgs.Builder.block(millis), StreamOffset.latest("news"));
    }
}
