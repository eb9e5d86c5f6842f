package io.latchkey.proxy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.latchkey.Gateway;
import io.latchkey.Gateway.Answer;
import io.latchkey.Gateway.Made;
import io.latchkey.RawClient;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Random;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** An open WebSocket is a request under way, however long it lasts. */
class TunnelTest {
    private static final String SWITCHING =
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n";

    private static StubUpstream upstream;
    private static Gateway gateway;

    @BeforeAll
    static void start() throws IOException {
        upstream = StubUpstream.start();
        Path routes = Files.writeString(Files.createTempFile("routes", ".yml"), """
                routes:
                  - { id: up, path: /api/up/**, upstreams: ["%1$s"] }
                  - { id: narrow, path: /api/narrow/**, upstreams: ["%1$s"], concurrency: 1 }
                """.formatted(upstream.uri()));
        gateway = Gateway.start(
                "--latchkey.routes-file=" + routes,
                "--latchkey.wire.check-after-idle=0s",
                "--latchkey.front-door.idle-timeout=1s");
    }

    @AfterAll
    static void stop() throws IOException {
        gateway.close();
        upstream.close();
    }

    @BeforeEach
    void reset() {
        upstream.reset();
        tunnels((request, wire) -> wire.awaitEnd());
    }

    private static void tunnels(StubUpstream.Script after) {
        upstream.script((request, wire) -> {
            if (request.values("Upgrade").isEmpty()) {
                wire.write(StubUpstream.OK);
            } else {
                wire.write(SWITCHING);
                after.serve(request, wire);
            }
        });
    }

    private static RawClient open(String path, Made key) throws IOException {
        RawClient client = new RawClient(gateway.port());
        client.send("GET " + path + " HTTP/1.1\r\nHost: g\r\nX-API-Key: " + key.token() + "\r\n");
        client.send("Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
        return client;
    }

    private static Answer call(String path, Made key) {
        return gateway.send("GET", path, "", "X-API-Key", key.token());
    }

    @Test
    void holdsTheSlotOfItsKey() throws IOException {
        Made key = gateway.key("\"concurrency\":1");
        try (RawClient socket = open("/api/up/x", key)) {
            assertThat(socket.receiveHead().status()).isEqualTo(101);
            assertThat(call("/api/up/x", key).get("code")).isEqualTo("too-many-in-flight");
            try (RawClient second = open("/api/up/x", key)) {
                assertThat(second.receiveHead().status()).isEqualTo(429);
            }
        }
        await().until(() -> call("/api/up/x", key).status() == 200);
    }

    @Test
    void holdsTheSlotOfItsRouteAndItsServersTurn() throws IOException {
        Made key = gateway.key("");
        Made other = gateway.key("");
        try (RawClient socket = open("/api/narrow/x", key)) {
            assertThat(socket.receiveHead().status()).isEqualTo(101);
            assertThat(call("/api/narrow/x", other).get("code")).isEqualTo("overloaded");
            assertThat(metric("latchkey_upstream_in_flight", "route=\"narrow\""))
                    .isEqualTo(1);
        }
        await().until(() -> call("/api/narrow/x", other).status() == 200);
        await().until(() -> metric("latchkey_upstream_in_flight", "route=\"narrow\"") == 0);
    }

    @Test
    void givesBackWhatItHeldExactlyOnceHoweverItEnds() throws IOException {
        Made key = gateway.key("\"concurrency\":2");
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        for (int i = 0; i < 100; i++) {
            // The last is rare, for it takes half a second to be noticed.
            int end = random.nextInt(10) == 0 ? 4 : random.nextInt(4);
            tunnels((request, wire) -> {
                if (end == 0) {
                    wire.end();
                } else if (end == 1) {
                    wire.cut();
                }
                wire.awaitEnd();
            });
            try (RawClient socket = open("/api/narrow/x", key)) {
                if (end == 4) {
                    // Perhaps before the answer is out.
                    socket.cut();
                } else {
                    assertThat(socket.receiveHead().status())
                            .as("seed %d, round %d", seed, i)
                            .isEqualTo(101);
                    if (end == 2) {
                        socket.cut();
                    }
                }
            }
            await("seed " + seed + ", round " + i)
                    .pollDelay(Duration.ZERO)
                    .pollInterval(Duration.ofMillis(5))
                    .until(() -> metric("latchkey_upstream_connections", "state=\"in-use\"") == 0
                            && metric("latchkey_upstream_in_flight") == 0
                            && metric("latchkey_requests_in_flight") == 0);
        }
        // Given back twice, a slot would let in one more than the bound.
        tunnels((request, wire) -> wire.awaitEnd());
        try (RawClient first = open("/api/up/x", key);
                RawClient second = open("/api/up/x", key)) {
            assertThat(first.receiveHead().status()).isEqualTo(101);
            assertThat(second.receiveHead().status()).isEqualTo(101);
            assertThat(call("/api/up/x", key).status()).isEqualTo(429);
        }
        await().until(() -> call("/api/narrow/x", key).status() == 200);
    }

    @Test
    void endsWhenNobodySaysAnything() throws IOException {
        Made key = gateway.key("\"concurrency\":1");
        try (RawClient socket = open("/api/up/x", key)) {
            assertThat(socket.receiveHead().status()).isEqualTo(101);
            assertThat(socket.receiveToEnd()).isEmpty();
            await().until(() -> call("/api/up/x", key).status() == 200);
        }
    }

    @Test
    void endsWhenTheUpstreamStopsReadingThoughItStillSends() throws IOException {
        Made key = gateway.key("\"concurrency\":1");
        tunnels((request, wire) -> {
            while (true) {
                wire.write("beat");
                pause();
            }
        });
        try (RawClient socket = open("/api/up/x", key)) {
            assertThat(socket.receiveHead().status()).isEqualTo(101);
            Thread sender = Thread.ofPlatform().daemon().start(() -> sendUntilCut(socket));
            Thread reader = Thread.ofPlatform().daemon().start(() -> readUntilCut(socket));
            await().until(() -> call("/api/up/x", key).status() == 200);
            await().until(() -> !sender.isAlive() && !reader.isAlive());
        }
    }

    @Test
    void endsWhenTheCallerStopsReadingThoughItStillSends() throws IOException {
        Made key = gateway.key("\"concurrency\":1");
        tunnels((request, wire) -> {
            Thread drain = Thread.ofPlatform().daemon().start(wire::awaitEnd);
            byte[] piece = new byte[64 * 1024];
            while (drain.isAlive()) {
                wire.write(piece);
            }
        });
        try (RawClient socket = open("/api/up/x", key)) {
            assertThat(socket.receiveHead().status()).isEqualTo(101);
            Thread sender = Thread.ofPlatform().daemon().start(() -> {
                try {
                    while (true) {
                        socket.send("beat");
                        pause();
                    }
                } catch (IOException e) {
                    // Cut, as it should be.
                }
            });
            await().until(() -> call("/api/up/x", key).status() == 200);
            await().until(() -> !sender.isAlive());
        }
    }

    private static void pause() {
        LockSupport.parkNanos(Duration.ofMillis(50).toNanos());
    }

    private static void sendUntilCut(RawClient socket) {
        byte[] piece = new byte[64 * 1024];
        try {
            while (true) {
                socket.send(piece);
            }
        } catch (IOException e) {
            // Cut, as it should be.
        }
    }

    private static void readUntilCut(RawClient socket) {
        try {
            String unused = socket.receiveToEnd();
        } catch (IOException e) {
            // Cut, as it should be.
        }
    }

    private static double metric(String name, String... labels) {
        return gateway.actuator("/actuator/prometheus")
                .body()
                .lines()
                .filter(line -> line.startsWith(name)
                        && java.util.List.of(labels).stream().allMatch(line::contains))
                .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
                .sum();
    }
}
