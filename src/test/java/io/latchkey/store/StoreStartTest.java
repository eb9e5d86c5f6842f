package io.latchkey.store;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.lettuce.core.SslOptions;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.beans.factory.support.StaticListableBeanFactory;
import org.springframework.boot.diagnostics.FailureAnalysis;
import org.springframework.context.ApplicationListener;
import org.springframework.context.PayloadApplicationEvent;
import org.springframework.context.support.GenericApplicationContext;

class StoreStartTest {
    @TempDir
    Path directory;

    @Test
    void startsWithoutRedisAndIsReadyWhenItAppears() {
        int port = RedisServer.freePort();
        AtomicInteger prepared = new AtomicInteger();
        try (StoreApp app = StoreApp.start(url(port), ready -> prepared.incrementAndGet());
                RedisServer server = RedisServer.on(port, directory)) {
            assertThat(app.redis().isUp()).isFalse();
            assertThat(app.redis().isReady()).isFalse();
            assertThat(prepared).hasValue(0);
            server.start();
            await().until(app.redis()::isReady);
            assertThat(prepared).hasValue(1);
            assertThat(app.redis().isUp()).isTrue();
        }
    }

    @Test
    void isPreparedBeforeTheStartReturns() {
        AtomicInteger prepared = new AtomicInteger();
        try (RedisServer server = RedisServer.started(directory);
                StoreApp app = StoreApp.start(url(server.port()), ready -> prepared.incrementAndGet())) {
            assertThat(app.redis().isReady()).isTrue();
            assertThat(prepared).hasValue(1);
        }
    }

    @Test
    void preparationIsRepeatedWhenRedisFailedMeanwhile() {
        AtomicInteger calls = new AtomicInteger();
        try (RedisServer server = RedisServer.started(directory);
                StoreApp app = StoreApp.start(url(server.port()), ready -> {
                    if (calls.incrementAndGet() < 3) {
                        throw new StoreUnavailable("gone");
                    }
                })) {
            await().until(app.redis()::isReady);
            assertThat(calls).hasValue(3);
        }
    }

    @Test
    void listenerThatRefusesFailsTheStart() {
        try (RedisServer server = RedisServer.started(directory)) {
            assertThatThrownBy(() -> StoreApp.start(url(server.port()), ready -> {
                        throw new StartRefused("A newer schema.", "Use a newer version.");
                    }))
                    .satisfies(thrown -> {
                        FailureAnalysis analysis = requireNonNull(new StartRefusedAnalyzer().analyze(thrown));
                        assertThat(analysis.getDescription()).isEqualTo("A newer schema.");
                        assertThat(analysis.getAction()).isEqualTo("Use a newer version.");
                    });
        }
    }

    @Test
    void listenerThatRefusesLateEndsTheApplicationWithCodeOne() {
        int port = RedisServer.freePort();
        StoreProperties properties = new StoreProperties(
                "redis://127.0.0.1:" + port,
                directory.toString(),
                "",
                "",
                Duration.ofMillis(50),
                Duration.ofSeconds(2),
                null);
        ExternalRedis address = ExternalRedis.of(properties.redisUrl());
        AtomicInteger exitCode = new AtomicInteger(-1);
        try (HardenedClient client = new HardenedClient(address, SslOptions.create());
                GenericApplicationContext context = new GenericApplicationContext();
                RedisServer server = RedisServer.on(port, directory)) {
            Link link = new Link(client, new StoreClock(), properties.requestTimeout());
            Redis redis = new Redis(
                    address,
                    client,
                    link,
                    properties,
                    new StoreMeters(new StaticListableBeanFactory().getBeanProvider(PrometheusRegistry.class)));
            context.addApplicationListener(new Refusing());
            context.refresh();
            try (StoreLifecycle lifecycle = new StoreLifecycle(address, link, redis, context, exitCode::set)) {
                lifecycle.start();
                assertThat(redis.isUp()).isFalse();
                server.start();
                await().until(() -> exitCode.get() == 1);
                assertThat(context.isActive()).isFalse();
                assertThat(redis.isReady()).isFalse();
            }
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "redis-socket://user:hunter2@host:1",
                "http://user:hunter2@host",
                "user:hunter2@host",
                "redis://user:hunter2@[",
                "redis-sentinel://hunter2@host:1"
            })
    void urlThatIsNotUnderstoodIsRefusedByNameAndWithoutItsPassword(String url) {
        assertThatThrownBy(() -> ExternalRedis.of(url)).isInstanceOfSatisfying(StartRefused.class, refused -> {
            assertThat(refused.problem()).contains("LATCHKEY_REDIS_URL").doesNotContain("hunter2");
            assertThat(refused.action()).contains("redis://", "rediss://", "redis-sentinel://");
            assertThat(refused).hasNoCause();
        });
    }

    @Test
    void everyAcceptedFormOfUrlIsUnderstood() {
        assertThat(ExternalRedis.of("redis://host:1/2").mode()).isEqualTo("standalone");
        assertThat(ExternalRedis.of("rediss://user:pass@host")
                        .addresses()
                        .getFirst()
                        .isSsl())
                .isTrue();
        ExternalRedis sentinel = ExternalRedis.of("redis-sentinel://pass@one:26379,two:26380/0#main");
        assertThat(sentinel.mode()).isEqualTo("sentinel");
        assertThat(sentinel.addresses().getFirst().getSentinels()).hasSize(2);
        assertThat(sentinel.addresses().getFirst().getSentinelMasterId()).isEqualTo("main");
    }

    private static String url(int port) {
        return "--latchkey.store.redis-url=redis://127.0.0.1:" + port;
    }

    private static final class Refusing implements ApplicationListener<PayloadApplicationEvent<StoreReady>> {
        @Override
        public void onApplicationEvent(PayloadApplicationEvent<StoreReady> event) {
            throw new StartRefused("A newer schema.", "Use a newer version.");
        }
    }
}
