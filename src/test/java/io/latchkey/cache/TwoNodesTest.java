package io.latchkey.cache;

import static io.latchkey.cache.CacheHouse.ok;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.latchkey.Gateway;
import io.latchkey.Gateway.Answer;
import io.latchkey.proxy.StubUpstream;
import io.latchkey.store.RedisServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Two nodes over one store, with answers in a Redis of their own; and what happens when that is slow or gone. */
class TwoNodesTest {
    @TempDir
    private static Path directory;

    private static StubUpstream upstream;
    private static RedisServer keys;
    private static RedisServer answers;
    private static CacheHouse one;
    private static CacheHouse two;
    private static final AtomicInteger number = new AtomicInteger();
    private String path = "";

    @BeforeAll
    static void start() {
        upstream = StubUpstream.start();
        keys = RedisServer.started(directory.resolve("keys"));
        answers = RedisServer.started(directory.resolve("answers"));
        String[] settings = {
            "--latchkey.store.redis-url=" + keys.url(),
            "--latchkey.store.cache-redis-url=" + answers.url(),
            "--latchkey.store.request-timeout=200ms",
            "--latchkey.cache.near-ttl=300ms"
        };
        one = CacheHouse.start(upstream, settings);
        two = CacheHouse.start(upstream, settings);
    }

    @AfterAll
    static void stop() throws IOException {
        one.gateway.close();
        two.close();
        keys.close();
        answers.close();
    }

    @BeforeEach
    void reset() {
        upstream.reset();
        upstream.script((request, wire) -> {
            wire.readBody();
            wire.write(ok("Cache-Control: max-age=600", "n" + number.incrementAndGet()));
        });
        path = "/api/own/" + number.incrementAndGet();
    }

    /** What a node answered: its head, and its body. */
    private record Said(String head, String body) {
        boolean isHit() {
            return head.contains("latchkey; hit");
        }

        boolean isOk() {
            return head.startsWith("HTTP/1.1 200 ");
        }
    }

    private Said get(CacheHouse node) {
        return send(node, "GET");
    }

    /** Callers know one name for all nodes. */
    private Said send(CacheHouse node, String method) {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), node.gateway.port())) {
            String request = method + " " + path + " HTTP/1.1\r\nHost: gateway.example\r\nX-API-Key: " + one.key
                    + "\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
            socket.getOutputStream().write(request.getBytes(StandardCharsets.ISO_8859_1));
            String answer = new String(socket.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
            int end = answer.indexOf("\r\n\r\n");
            return new Said(answer.substring(0, end), answer.substring(end + 4));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void storedEverywhere() {
        get(one);
        await().until(() -> get(two).isHit() && get(two).body().equals(get(one).body()));
    }

    @Test
    void whatOneNodeWasAnsweredTheOtherServes() {
        storedEverywhere();
        int calls = upstream.received().size();
        assertThat(get(two).body()).isEqualTo(get(one).body());
        assertThat(upstream.received()).hasSize(calls);
    }

    @Test
    void aChangeThroughOneNodeReachesTheOtherWithinTheNearTime() {
        storedEverywhere();
        String old = get(two).body();
        send(one, "PUT");
        assertThat(get(one).body()).isNotEqualTo(old);
        await().until(() -> !get(two).body().equals(old));
        assertThat(get(two).body()).isEqualTo(get(one).body());
    }

    @Test
    void aPurgeThroughOneNodeReachesTheOther() {
        storedEverywhere();
        String old = get(two).body();
        Answer purged = one.gateway.admin("POST", "/admin/cache/purge", "{\"tag\":\"scan\"}");
        assertThat(purged.status()).isEqualTo(200);
        assertThat(get(one).body()).isNotEqualTo(old);
        await().until(() -> !get(two).body().equals(old));
    }

    @Test
    void withoutItsRedisNothingFailsAndWhatChangedMeanwhileIsNotServedAfterwards() {
        storedEverywhere();
        String old = get(one).body();
        answers.pause();
        try {
            // The first commands run into the time-out, then the node knows.
            for (int i = 0; i < 20; i++) {
                path = "/api/own/" + number.incrementAndGet();
                assertThat(get(one).isOk()).isTrue();
                String own = get(one).body();
                assertThat(get(one).body()).isEqualTo(own);
            }
            path = "/api/own/changed";
            get(one);
            assertThat(send(one, "PUT").isOk()).isTrue();
            assertThat(get(one).isHit()).isFalse();
        } finally {
            answers.resume();
        }
        assertThat(old).isNotEmpty();
        path = "/api/own/" + number.incrementAndGet();
        await().until(() -> {
            get(one);
            return get(two).isHit() && get(two).body().equals(get(one).body());
        });
    }

    @Test
    void aChangeDuringAnOutageIsToldAfterIt() {
        storedEverywhere();
        String old = get(one).body();
        answers.pause();
        try {
            await().until(() -> {
                send(one, "PUT");
                return !get(one).isHit();
            });
        } finally {
            answers.resume();
        }
        // Whatever was stored before is neither here nor there any more.
        await().until(() -> !get(two).body().equals(old) && get(two).isHit());
        assertThat(get(one).body()).isNotEqualTo(old);
    }

    @Test
    void nothingIsCachedWhenItIsSwitchedOff() throws IOException {
        try (Gateway off = Gateway.start(
                "--latchkey.store.redis-url=" + keys.url(),
                "--latchkey.cache.disabled=true",
                CacheHouse.routes(upstream))) {
            String first = off.send("GET", path, "", "X-API-Key", one.key).body();
            Answer second = off.send("GET", path, "", "X-API-Key", one.key);
            assertThat(second.body()).isNotEqualTo(first);
            assertThat(second.header("Cache-Status")).isEmpty();
            assertThat(off.admin("GET", "/health/detailed", "")
                            .json()
                            .at("/checks/cache/disabled")
                            .asBoolean())
                    .isTrue();
            upstream.script((request, wire) -> wire.cut());
            assertThat(off.send("GET", "/api/backed/x", "", "X-API-Key", one.key)
                            .body())
                    .isEqualTo("spare");
        }
    }
}
