package io.latchkey.proxy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.latchkey.RawClient;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class ProxyConnectionsTest {
    private static StubUpstream second;
    private static StubUpstream upstream;
    private static TestGateway gateway;

    @BeforeAll
    static void start() {
        upstream = StubUpstream.start();
        second = StubUpstream.start();
        gateway = TestGateway.start("""
                routes:
                  - { id: up, path: /api/up/**, upstreams: ["%1$s"], requestSizeLimit: 1MB }
                  - { id: pair, path: /api/pair, upstreams: ["%1$s", "%2$s"] }
                """.formatted(upstream.uri(), second.uri()));
    }

    @AfterAll
    static void stop() throws IOException {
        gateway.close();
        upstream.close();
        second.close();
    }

    @BeforeEach
    void reset() {
        upstream.reset();
        second.reset();
        gateway.outcomes().clear();
    }

    @Test
    void anAnswerThatComesBeforeTheBodyIsReadIsPassedOn() throws IOException {
        upstream.script((request, wire) -> {
            wire.write("HTTP/1.1 401 Unauthorized\r\nConnection: close\r\nContent-Length: 2\r\n\r\nno");
            wire.end();
            wire.awaitEnd();
        });
        var answer = RawClient.call(
                gateway.port(),
                "POST /api/up/x HTTP/1.1\r\nHost: g\r\nContent-Length: 1000000\r\n\r\n",
                new byte[1_000_000]);
        assertThat(answer.status()).isEqualTo(401);
        assertThat(answer.text()).isEqualTo("no");
    }

    @Test
    void bytesBehindAnAnswerAreNeverTheNextAnswer() throws IOException {
        upstream.answer(StubUpstream.OK + "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil");
        assertThat(get("/api/up/x").text()).isEqualTo("ok");
        upstream.answer("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ngood");
        assertThat(get("/api/up/x").text()).isEqualTo("good");
        assertThat(upstream.connections()).isEqualTo(2);
    }

    @Test
    void anIdleConnectionThatTheUpstreamClosedIsNotUsedAgain() throws IOException {
        for (int i = 0; i < 10; i++) {
            assertThat(get("/api/up/x").status()).isEqualTo(200);
            upstream.dropConnections();
        }
    }

    @Test
    void theLessBusyUpstreamIsChosen() throws Exception {
        CountDownLatch release = new CountDownLatch(1);
        StubUpstream.Script slow = (request, wire) -> {
            awaitQuietly(release);
            wire.write(StubUpstream.OK);
        };
        upstream.script(slow);
        second.script(slow);
        try (RawClient waiting = new RawClient(gateway.port())) {
            waiting.send("GET /api/pair HTTP/1.1\r\nHost: g\r\n\r\n");
            await().until(() -> upstream.received().size() + second.received().size() == 1);
            StubUpstream busy = upstream.received().isEmpty() ? second : upstream;
            StubUpstream free = busy == upstream ? second : upstream;
            free.answer(StubUpstream.OK);
            for (int i = 0; i < 20; i++) {
                assertThat(get("/api/pair").status()).isEqualTo(200);
            }
            assertThat(free.received()).hasSize(20);
            release.countDown();
            assertThat(waiting.receive(false).status()).isEqualTo(200);
        } finally {
            release.countDown();
        }
    }

    @Test
    void oneUpstreamNeverTakesMoreConnectionsThanItsCap() throws Exception {
        CountDownLatch release = new CountDownLatch(1);
        upstream.script((request, wire) -> {
            awaitQuietly(release);
            wire.write(StubUpstream.OK);
        });
        List<RawClient> clients = new ArrayList<>();
        try (TestGateway capped =
                TestGateway.start("""
                routes: [ { id: up, path: /api/up, upstreams: ["%s"], timeout: { connect: 300ms } } ]
                """.formatted(upstream.uri()), "latchkey.wire.max-connections-per-upstream=3")) {
            for (int i = 0; i < 12; i++) {
                RawClient client = new RawClient(capped.port());
                clients.add(client);
                client.send("GET /api/up HTTP/1.1\r\nHost: g\r\n\r\n");
            }
            await().until(() -> capped.outcomes().size() == 9);
            assertThat(upstream.connections()).isEqualTo(3);
            release.countDown();
            List<Integer> statuses = new ArrayList<>();
            for (RawClient client : clients) {
                var answer = client.receive(false);
                statuses.add(answer.status());
                assertThat(answer.values("Retry-After")).hasSize(answer.status() == 503 ? 1 : 0);
            }
            assertThat(statuses).filteredOn(status -> status == 200).hasSize(3);
            assertThat(statuses).filteredOn(status -> status == 503).hasSize(9);
            assertThat(RawClient.call(capped.port(), "GET /api/up HTTP/1.1\r\nHost: g\r\n\r\n")
                            .status())
                    .isEqualTo(200);
        } finally {
            release.countDown();
            for (RawClient client : clients) {
                client.close();
            }
        }
    }

    private static void awaitQuietly(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private static RawClient.Answer get(String path) throws IOException {
        return RawClient.call(gateway.port(), "GET " + path + " HTTP/1.1\r\nHost: g\r\n\r\n");
    }
}
