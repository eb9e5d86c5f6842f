package io.latchkey.upstreams;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.latchkey.proxy.StubUpstream;
import io.latchkey.routes.Route;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.URI;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What servers answer to health checks decides whether they are asked. */
class HealthChecksTest {
    private static final String SICK = "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n";
    private static final String CHECK =
            "health: { path: /up, interval: 100ms, timeout: 10s, healthy: 2, unhealthy: 2 }";

    private final Bench bench = Bench.withBreakers();
    private final StubUpstream a = StubUpstream.start();
    private final StubUpstream b = StubUpstream.start();

    @AfterEach
    void close() throws IOException {
        bench.close();
        a.close();
        b.close();
    }

    @Test
    void aServerThatFailsItsChecksGetsNothingUntilItPassesThemAgain() {
        Route route = bench.follow(servers(a.uri(), b.uri()) + ", " + CHECK);
        assertThat(bench.shares(route, 100)).as("until the first checks").containsKeys(a.uri(), b.uri());
        a.answer(SICK);
        await().until(() -> isDown(a.uri()));
        assertThat(bench.shares(route, 100)).containsOnlyKeys(b.uri());
        a.answer(StubUpstream.OK);
        await().until(() -> !isDown(a.uri()));
        assertThat(bench.shares(route, 100)).containsKeys(a.uri(), b.uri());
    }

    @Test
    void allFailingTheirChecksAreAskedAllTheSame() {
        a.answer(SICK);
        b.answer(SICK);
        Route route = bench.follow(servers(a.uri(), b.uri()) + ", " + CHECK);
        await().until(() -> isDown(a.uri()) && isDown(b.uri()));
        assertThat(bench.shares(route, 100)).containsKeys(a.uri(), b.uri());
    }

    @Test
    void aCheckIsAPlainGetOnAConnectionOfItsOwn() {
        bench.follow(servers(a.uri().resolve("/base")) + ", " + CHECK);
        await().until(() -> a.received().size() >= 3);
        StubUpstream.Received check = a.received().getFirst();
        assertThat(check.requestLine()).isEqualTo("GET /up HTTP/1.1");
        assertThat(check.values("Host")).containsExactly(a.uri().getAuthority());
        assertThat(check.values("Connection")).containsExactly("close");
        assertThat(a.connections()).isGreaterThanOrEqualTo(3);
    }

    @Test
    void silenceGarbageRedirectsAndNobodyThereAreFailures() throws IOException {
        URI nobody;
        try (ServerSocket free = new ServerSocket(0)) {
            nobody = URI.create("http://127.0.0.1:" + free.getLocalPort());
        }
        StubUpstream drip = StubUpstream.start();
        try (drip) {
            a.script((request, wire) -> wire.awaitEnd());
            b.answer("HTTP/1.1 302 Found\r\nLocation: /fine\r\nContent-Length: 0\r\n\r\n");
            drip.script((request, wire) -> {
                while (true) {
                    wire.write("H");
                    java.util.concurrent.locks.LockSupport.parkNanos(20_000_000);
                }
            });
            URI https = URI.create(b.uri().toString().replace("http:", "https:"));
            bench.follow(servers(a.uri(), b.uri(), drip.uri(), nobody, https) + ", " + CHECK.replace("10s", "200ms"));
            await().untilAsserted(() -> assertThat(
                            bench.upstreams.balancers().iterator().next().upstreams())
                    .allMatch(Upstream::isDown));
        }
    }

    @Test
    void checksEndWithTheRouteAndOthersBegin() {
        bench.follow(servers(a.uri()) + ", " + CHECK);
        await().until(() -> !a.received().isEmpty());
        bench.follow(servers(b.uri()) + ", " + CHECK);
        await().until(() -> b.received().size() >= 2 && a.openConnections() == 0);
        int before = a.received().size();
        int now = b.received().size();
        await().until(() -> b.received().size() >= now + 3);
        assertThat(a.received()).hasSize(before);
    }

    @Test
    void aServerIsUpAgainWhenNobodyChecksItAnyMore() {
        a.answer(SICK);
        String servers = servers(a.uri(), b.uri());
        bench.follow(servers + ", " + CHECK);
        await().until(() -> isDown(a.uri()));
        bench.follow(servers + ", " + CHECK.replace("healthy: 2", "healthy: 3"));
        assertThat(isDown(a.uri())).as("still checked, by other numbers").isTrue();
        bench.follow(servers);
        assertThat(isDown(a.uri())).isFalse();
    }

    @Test
    void withBreakersSwitchedOffHealthChecksStillSteer() {
        try (Bench off = Bench.withoutBreakers()) {
            a.answer(SICK);
            Route route = off.follow(servers(a.uri(), b.uri()) + ", " + CHECK);
            await().until(() -> isDown(off, a.uri()));
            assertThat(off.shares(route, 100)).containsOnlyKeys(b.uri());
        }
    }

    private boolean isDown(URI uri) {
        return isDown(bench, uri);
    }

    private static boolean isDown(Bench bench, URI uri) {
        return bench.upstreams.balancers().stream()
                .flatMap(balancer -> balancer.upstreams().stream())
                .filter(upstream -> upstream.uri().equals(uri))
                .allMatch(Upstream::isDown);
    }

    private static String servers(URI... uris) {
        return "upstreams: "
                + List.of(uris).stream()
                        .map(uri -> "'" + uri + "'")
                        .toList()
                        .toString()
                        .toLowerCase(Locale.ROOT);
    }
}
