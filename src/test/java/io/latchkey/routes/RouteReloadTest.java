package io.latchkey.routes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.latchkey.Gateway;
import io.latchkey.Gateway.Answer;
import io.latchkey.proxy.StubUpstream;
import io.latchkey.store.Redis;
import io.latchkey.store.RedisServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.awaitility.core.ConditionFactory;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** Other routes come into force while the gateway serves: all that is written down, or nothing of it. */
class RouteReloadTest {
    private static final String BROKEN =
            "routes: [ { id: one, path: /other, upstreams: [\"http://h:1\"], timeout: { total: 5 } } ]";
    private static final String VARIABLE = "LATCHKEY_TEST_RELOAD_TOKEN";

    @TempDir
    private static Path directory;

    private static RedisServer redis;
    private static StubUpstream upstream;
    private static StubUpstream other;
    private static Gateway gateway;

    /** As a ConfigMap is mounted: the file is a link into a directory that is a link. */
    private static Path file;

    private static int versions;

    @BeforeAll
    static void start() throws IOException {
        redis = RedisServer.started(Files.createDirectory(directory.resolve("redis")));
        upstream = StubUpstream.start();
        other = StubUpstream.start();
        other.answer("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nother");
        file = directory.resolve("routes.yml");
        Files.createSymbolicLink(directory.resolve("..data"), directory.resolve("first"));
        Files.createDirectory(directory.resolve("first"));
        Files.createSymbolicLink(file, Path.of("..data", "routes.yml"));
        Files.writeString(directory.resolve("first/routes.yml"), route("one", upstream));
        gateway = Gateway.start(Gateway.on(
                redis.url(),
                Map.of(
                        "latchkey.routes-file",
                        file.toString(),
                        "latchkey.routes-watch",
                        "100ms",
                        "latchkey.rate-limiting.disabled",
                        "true")));
    }

    @AfterAll
    static void stop() throws IOException {
        gateway.close();
        upstream.close();
        other.close();
        redis.close();
    }

    @BeforeEach
    void reset() throws IOException {
        write(route("one", upstream));
        await().until(() -> reload().status() == 200);
    }

    @Test
    void aChangedFileIsInForceByItself() throws IOException {
        String before = version();
        double applied = meter("latchkey_routes_reloads_total{outcome=\"applied\"}");
        write(route("one", upstream) + route("two", other).replace("routes:\n", ""));
        soon().untilAsserted(() -> assertThat(call("two").body()).isEqualTo("other"));
        assertThat(version()).isNotEqualTo(before);
        assertThat(meter("latchkey_routes_reloads_total{outcome=\"applied\"}")).isEqualTo(applied + 1);
        assertThat(meter("latchkey_routes_version")).isEqualTo((double) Long.parseLong(version(), 16));
        assertThat(meter("latchkey_routes_loaded_timestamp_seconds")).isPositive();
        soon().untilAsserted(() -> {
            assertThat(latest().at("/actor/id").asString()).isEqualTo("gateway");
            assertThat(latest().at("/action").asString()).isEqualTo("routes.reload");
            assertThat(latest().at("/outcome").asString()).isEqualTo("done");
            assertThat(latest().at("/before/version").asString()).isEqualTo(before);
            assertThat(latest().at("/after/change/added/0").asString()).isEqualTo("two");
        });
    }

    @Test
    void aSwappedLinkIsAChange() throws IOException {
        Path next = Files.createDirectory(directory.resolve("swap" + versions++));
        Files.writeString(next.resolve("routes.yml"), route("swapped", other));
        Path link = directory.resolve("..next");
        Files.createSymbolicLink(link, next);
        Files.move(link, directory.resolve("..data"), StandardCopyOption.ATOMIC_MOVE);
        soon().untilAsserted(() -> assertThat(call("swapped").body()).isEqualTo("other"));
        assertThat(call("one").status()).isEqualTo(404);
    }

    @Test
    void anOperatorIsToldWhatChanged() throws IOException {
        String before = version();
        write("routes:\n" + one("one", other) + one("three", upstream));
        Answer answer = reload();
        assertThat(answer.status()).as(answer.body()).isEqualTo(200);
        assertThat(answer.get("version")).isEqualTo(version()).isNotEqualTo(before);
        assertThat(answer.get("routes")).isEqualTo("2");
        // Its own look at the file may have come first; then there is nothing left to change.
        if (answer.get("previousVersion").equals(before)) {
            assertThat(answer.json().at("/added").toString()).isEqualTo("[\"three\"]");
            assertThat(answer.json().at("/changed").toString()).isEqualTo("[\"one\"]");
            soon().untilAsserted(() ->
                    assertThat(latest().at("/actor/role").asString()).isEqualTo("admin"));
            assertThat(latest().at("/action").asString()).isEqualTo("routes.reload");
        }
        assertThat(call("one").body()).isEqualTo("other");
        Answer again = reload();
        assertThat(again.json().at("/added").isEmpty()
                        && again.json().at("/changed").isEmpty()
                        && again.json().at("/removed").isEmpty())
                .isTrue();
    }

    @Test
    void onlyOperatorsMayReload() {
        String viewer = gateway.admin("POST", "/admin/tokens", "{\"name\":\"v\",\"role\":\"viewer\"}")
                .get("token");
        assertThat(gateway.adminAs(viewer, "POST", "/admin/routes/reload", "").status())
                .isEqualTo(403);
        assertThat(gateway.adminAs(viewer, "GET", "/admin/routes", "").status()).isEqualTo(200);
    }

    @Test
    void aBrokenFileChangesNothingAndIsNamedToEverybodyWhoAsks() throws IOException {
        String before = version();
        double refused = meter("latchkey_routes_reloads_total{outcome=\"refused\"}");
        write(BROKEN);
        soon().untilAsserted(() -> {
            assertThat(latest().at("/action").asString()).isEqualTo("routes.reload");
            assertThat(latest().at("/outcome").asString()).isEqualTo("unprocessable");
            assertThat(latest().at("/after/faults").asInt()).isEqualTo(2);
            assertThat(latest().at("/after/at").asString()).isNotEmpty();
        });
        assertThat(meter("latchkey_routes_reloads_total{outcome=\"refused\"}")).isEqualTo(refused + 1);
        Answer answer = reload();
        assertThat(answer.status()).isEqualTo(422);
        assertThat(answer.get("code")).isEqualTo("unprocessable");
        assertThat(answer.json()
                        .at("/errors")
                        .valueStream()
                        .map(error -> error.at("/field").asString()))
                .containsExactlyInAnyOrder("routes[0].path", "routes[0].timeout.total");
        assertThat(answer.get("detail")).contains("(expected: 1ms to 1h)", "a canonical path below /api/");
        assertThat(latest().at("/target").asString()).isEqualTo("/admin/routes/reload");
        assertThat(latest().at("/outcome").asString()).isEqualTo("unprocessable");
        // What was written may hold a secret: the log has its place and what was expected there.
        assertThat(latest().at("/after/errors").toString())
                .contains("routes[0].timeout.total", "expected: 1ms to 1h")
                .doesNotContain("(expected");
        assertThat(version()).isEqualTo(before);
        assertThat(call("one").body()).isEqualTo("ok");

        Files.delete(file);
        assertThat(reload().get("detail")).contains("cannot be read");
        Files.createSymbolicLink(file, Path.of("..data", "routes.yml"));
        assertThat(call("one").body()).isEqualTo("ok");
    }

    @Test
    void ofManyFaultsTheAuditLogKeepsHowManyAndTheFirst() throws IOException {
        String broken =
                ("  - { id: x, path: /" + "y".repeat(500) + ", upstreams: [\"" + upstream.uri() + "\"] }\n").repeat(50);
        write("routes:\n" + broken);
        Answer refused = reload();
        assertThat(refused.status()).isEqualTo(422);
        int faults = refused.json().at("/errors").size();
        assertThat(faults).isGreaterThanOrEqualTo(50);
        // The watch of the file writes entries of its own meanwhile.
        await().untilAsserted(() -> {
            JsonNode entry = latest();
            assertThat(entry.at("/after/faults").asInt()).isEqualTo(faults);
            assertThat(entry.at("/after/errors")).hasSize(20);
            assertThat(entry.toString()).hasSizeLessThan(10_000);
        });
    }

    @Test
    void variablesAreReadAgainAndNeverShown() throws IOException {
        write("routes:\n" + one("one", upstream) + "    upstreamHeaders: { Authorization: \"Bearer ${" + VARIABLE
                + "}\" }\n");
        Answer refused = reload();
        assertThat(refused.status()).isEqualTo(422);
        assertThat(refused.get("detail")).contains("the variable " + VARIABLE + " is not set");
        System.setProperty(VARIABLE, "tops3cret");
        try {
            assertThat(reload().status()).isEqualTo(200);
            call("one");
            assertThat(upstream.last().values("Authorization")).containsExactly("Bearer tops3cret");
            Answer listed = gateway.admin("GET", "/admin/routes", "");
            assertThat(listed.get("items.0.upstreamHeaders.0")).isEqualTo("Authorization");
            assertThat(listed.body()).doesNotContain("tops3cret");
            assertThat(latest().toString()).doesNotContain("tops3cret");
        } finally {
            System.clearProperty(VARIABLE);
        }
    }

    @Test
    void everyPropertyOfARouteIsShown() throws IOException {
        write("routes:\n" + one("one", upstream) + """
                    retry: { attempts: 2, delay: 50ms, on: [timeout] }
                    breaker: { failures: 7, open: 9s }
                    health: { path: /up }
                    limits: [ { name: burst, quota: 5, window: PT1M, accuracy: exact } ]
                    concurrency: 11
                    cost: 3
                    cache: { ttl: 60s, tags: [a] }
                    compression: false
                    fallback: { status: 203, body: "{}" }
                    warm: 2
                    cors: { origins: ["https://app.example.com"], credentials: true }
                """);
        assertThat(reload().status()).isEqualTo(200);
        JsonNode item = gateway.admin("GET", "/admin/routes", "").json().at("/items/0");
        assertThat(item.toString())
                .contains(
                        "\"attempts\":2",
                        "\"delay\":\"PT0.05S\"",
                        "\"failures\":7",
                        "\"open\":\"PT9S\"",
                        "\"/up\"",
                        "\"accuracy\":\"exact\"",
                        "\"concurrency\":11",
                        "\"cost\":3",
                        "\"ttl\":\"PT1M\"",
                        "\"compression\":false",
                        "\"status\":203",
                        "\"warm\":2",
                        "\"origins\":[\"https://app.example.com\"]",
                        "\"maxAge\":\"PT10M\"",
                        "\"weights\":[1]");
    }

    @Test
    void noRequestFailsWhileRoutesChangeAndOldOnesFinish() throws Exception {
        CountDownLatch held = new CountDownLatch(1);
        upstream.script((request, wire) -> {
            if (request.target().endsWith("/held")) {
                awaitQuietly(held);
            }
            wire.write(StubUpstream.OK);
        });
        write("routes:\n" + one("one", upstream) + one("leaving", upstream));
        assertThat(reload().status()).isEqualTo(200);
        AtomicBoolean going = new AtomicBoolean(true);
        AtomicInteger calls = new AtomicInteger();
        List<Answer> failed = java.util.Collections.synchronizedList(new ArrayList<>());
        try (ExecutorService callers = Executors.newVirtualThreadPerTaskExecutor()) {
            Future<Answer> old = callers.submit(() -> gateway.send("GET", "/api/leaving/held", ""));
            await().until(() ->
                    upstream.received().stream().anyMatch(each -> each.target().endsWith("/held")));
            for (int i = 0; i < 4; i++) {
                callers.execute(() -> {
                    while (going.get()) {
                        Answer answer = call("one");
                        calls.incrementAndGet();
                        if (answer.status() != 200) {
                            failed.add(answer);
                        }
                    }
                });
            }
            for (int i = 0; i < 20; i++) {
                int seen = calls.get();
                write("routes:\n" + one("one", i % 2 == 0 ? other : upstream));
                assertThat(reload().status()).isEqualTo(200);
                await().until(() -> calls.get() > seen);
            }
            going.set(false);
            assertThat(call("leaving").status()).isEqualTo(404);
            held.countDown();
            assertThat(old.get().status()).isEqualTo(200);
        } finally {
            held.countDown();
            going.set(false);
        }
        assertThat(failed).isEmpty();
    }

    @Test
    void reloadsAtTheSameTimeAllEndInOneTableAndAWholeLog() throws Exception {
        List<Future<Answer>> answers = new ArrayList<>();
        try (ExecutorService operators = Executors.newVirtualThreadPerTaskExecutor()) {
            for (int i = 0; i < 12; i++) {
                write("routes:\n" + one("one", i % 2 == 0 ? other : upstream));
                answers.add(operators.submit(RouteReloadTest::reload));
            }
        }
        for (Future<Answer> answer : answers) {
            assertThat(answer.get().status()).isEqualTo(200);
        }
        assertThat(reload().status()).isEqualTo(200);
        assertThat(call("one").body()).isEqualTo("ok");
        assertThat(gateway.admin("GET", "/admin/audit/verify", "").get("intact"))
                .isEqualTo("true");
    }

    @Test
    void withoutRedisAnOperatorsReloadIsRefusedAndAChangedFileStillTakesEffect() throws IOException {
        // Its admin token was confirmed a moment ago, so it is believed without the store.
        String before = version();
        redis.stop();
        await().until(() -> !gateway.bean(Redis.class).isUp());
        Answer refused = reload();
        assertThat(refused.status()).isEqualTo(503);
        assertThat(refused.header("Retry-After")).isNotEmpty();
        write("routes:\n" + one("one", other) + "    warm: 1\n");
        soon().untilAsserted(() -> assertThat(call("one").body()).isEqualTo("other"));
        redis.start();
        soon().untilAsserted(() -> {
            Answer log = gateway.admin("GET", "/admin/audit?limit=1", "");
            assertThat(log.get("items.0.before.version")).isEqualTo(before);
            assertThat(log.get("items.0.after.change.changed.0")).isEqualTo("one");
        });
    }

    private static ConditionFactory soon() {
        return await().atMost(Duration.ofSeconds(20)).ignoreExceptions();
    }

    private static String route(String id, StubUpstream to) {
        return "routes:\n" + one(id, to);
    }

    private static String one(String id, StubUpstream to) {
        return "  - id: " + id + "\n    path: /api/" + id + "/**\n    access: public\n    upstreams: [\"" + to.uri()
                + "\"]\n";
    }

    /** At once, as a rename does it. */
    private static void write(String yaml) throws IOException {
        Path next = Files.writeString(directory.resolve("next"), yaml);
        Files.move(next, file.toRealPath(), StandardCopyOption.ATOMIC_MOVE);
    }

    private static Answer reload() {
        return gateway.admin("POST", "/admin/routes/reload", "");
    }

    private static Answer call(String id) {
        return gateway.send("GET", "/api/" + id + "/x", "");
    }

    private static String version() {
        return gateway.admin("GET", "/admin/routes", "").get("version");
    }

    private static JsonNode latest() {
        return gateway.admin("GET", "/admin/audit?limit=1", "").json().at("/items/0");
    }

    private static double meter(String name) {
        Stream<String> lines = gateway.actuator("/actuator/prometheus").body().lines();
        return lines.filter(line -> line.startsWith(name + " "))
                .mapToDouble(line -> Double.parseDouble(line.substring(name.length() + 1)))
                .sum();
    }

    private static void awaitQuietly(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
