package io.latchkey.observability;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.latchkey.Gateway;
import io.latchkey.RawClient;
import io.latchkey.proxy.StubUpstream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A caller that leaves while its upstream says nothing. */
class CallerGoneTest {
    private static StubUpstream upstream;
    private static Gateway gateway;

    @BeforeAll
    static void start() throws IOException {
        upstream = StubUpstream.start();
        Path routes = Files.writeString(Files.createTempFile("routes", ".yml"), """
                routes:
                  - id: up
                    path: /api/up/**
                    access: public
                    upstreams: ["%s"]
                    concurrency: 3
                    timeout: { firstByte: 5m, total: 10m }
                """.formatted(upstream.uri()));
        gateway = Gateway.start("--latchkey.routes-file=" + routes, "--latchkey.rate-limiting.address-quota=1000");
    }

    @AfterAll
    static void stop() throws IOException {
        gateway.close();
        upstream.close();
    }

    @BeforeEach
    void reset() {
        upstream.reset();
    }

    @Test
    void endsTheUpstreamsCallAndLeaksNoSlot() throws IOException {
        upstream.script((request, wire) -> wire.awaitEnd());
        for (int i = 0; i < 4; i++) {
            try (RawClient client = new RawClient(gateway.port())) {
                client.send("GET /api/up/x HTTP/1.1\r\nHost: g\r\n\r\n");
                await().until(() -> upstream.openConnections() == 1);
            }
            await().until(() -> upstream.openConnections() == 0);
        }
        // Nobody's fault, and least of all ours.
        await().until(() -> metric("latchkey_requests_in_flight") == 0);
        assertThat(metric("latchkey_faults_total")).isZero();
    }

    @Test
    void beforeItsUpgradeIsAnsweredGivesTheConnectionBack() throws IOException {
        upstream.script((request, wire) -> {
            wire.write("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n");
            wire.awaitEnd();
        });
        for (int i = 0; i < 30; i++) {
            try (RawClient client = new RawClient(gateway.port())) {
                client.send("GET /api/up/x HTTP/1.1\r\nHost: g\r\n");
                client.send("Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
                client.cut();
            }
        }
        await().until(() -> metric("latchkey_requests_in_flight") == 0);
        await().until(() -> metric("latchkey_upstream_connections{state=\"in-use\"") == 0);
    }

    private static double metric(String beginning) {
        return gateway.actuator("/actuator/prometheus")
                .body()
                .lines()
                .filter(line -> line.startsWith(beginning))
                .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
                .sum();
    }

    @Test
    void oneThatOnlySendsTheNextRequestEarlyIsAnsweredTwiceInOrder() throws Exception {
        CountDownLatch looked = new CountDownLatch(1);
        upstream.script((request, wire) -> {
            if (request.target().endsWith("/1")) {
                try {
                    looked.await();
                } catch (InterruptedException e) {
                    throw new IllegalStateException(e);
                }
            }
            wire.write("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n"
                    + request.target().charAt(8));
        });
        try (RawClient client = new RawClient(gateway.port())) {
            client.send("GET /api/up/1 HTTP/1.1\r\nHost: g\r\n\r\n");
            await().until(() -> upstream.received().size() == 1);
            client.send("GET /api/up/2 HTTP/1.1\r\nHost: g\r\n\r\n");
            // Longer than the gateway waits between two looks at its callers.
            await().pollDelay(java.time.Duration.ofMillis(1200)).until(() -> true);
            looked.countDown();
            assertThat(client.receive(false).text()).isEqualTo("1");
            assertThat(client.receive(false).text()).isEqualTo("2");
        }
    }
}
