package io.latchkey.usage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.latchkey.Gateway;
import io.latchkey.Gateway.Answer;
import io.latchkey.Gateway.Made;
import io.latchkey.proxy.StubUpstream;
import io.latchkey.store.Redis;
import io.latchkey.store.RedisServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.json.JsonMapper;

/** What two nodes over one Redis count, whatever happens to a batch, to Redis or to a node. */
class UsageTest {
    private static RedisServer redis;
    private static StubUpstream upstream;
    private static Path routes;
    private static Gateway one;
    private static Gateway two;

    @BeforeAll
    static void start(@TempDir Path directory) throws IOException {
        redis = RedisServer.started(directory.resolve("redis"));
        upstream = StubUpstream.start();
        routes = Files.writeString(directory.resolve("routes.yml"), """
                routes:
                  - { id: plain, path: /api/plain/**, upstreams: ["%1$s"] }
                  - { id: kept, path: /api/kept/**, upstreams: ["%1$s"], cache: { ttl: 60s } }
                  - { id: few, path: /api/few/**, upstreams: ["%1$s"], limits: [{ name: few, quota: 2, window: PT24H }] }
                  - { id: open, path: /api/open/**, access: public, upstreams: ["%1$s"] }
                """.formatted(upstream.uri()));
        one = node(routes);
        two = node(routes);
    }

    private static Gateway node(Path routes) {
        return Gateway.frozen(Gateway.on(
                redis.url(),
                Map.of(
                        "latchkey.routes-file",
                        routes.toString(),
                        "latchkey.keys.grace",
                        "1h",
                        // Only when somebody asks, so that a test knows what is written.
                        "latchkey.usage.write-every",
                        "5m")));
    }

    @AfterAll
    static void stop() throws IOException {
        one.close();
        two.close();
        upstream.close();
        redis.close();
    }

    private static void call(Gateway gateway, String path, Made key, int times) {
        IntStream.range(0, times).forEach(i -> gateway.send("GET", path, "", "X-API-Key", key.token()));
    }

    /** Counted is what the log line says, which comes after the last byte of the answer. */
    private static void awaitUsage(Gateway gateway, String query, long requests) {
        await().untilAsserted(() ->
                assertThat(usage(gateway, query).get("totals.requests")).isEqualTo(Long.toString(requests)));
    }

    private static Answer usage(Gateway gateway, String query) {
        Answer answer = gateway.admin("GET", "/admin/usage?" + query, "");
        assertThat(answer.status()).as(answer.body()).isEqualTo(200);
        return answer;
    }

    private static String item(Answer usage, int index) {
        return usage.json().at("/items/" + index + "/route").asString() + " "
                + usage.json().at("/items/" + index + "/requests").asInt() + " "
                + usage.json().at("/items/" + index + "/errors").asInt() + " "
                + usage.json().at("/items/" + index + "/cacheHits").asInt();
    }

    @Test
    void requestsErrorsHitsAndBytesAreCountedByKeyAndRouteOverAllNodes() {
        Made key = one.key("\"owner\":\"tally\"");
        Made other = one.key("\"owner\":\"tally\"");
        call(one, "/api/plain/x", key, 3);
        call(two, "/api/plain/x", key, 2);
        call(one, "/api/kept/" + key.id(), key, 4);
        call(two, "/api/few/x", key, 5);
        call(two, "/api/plain/x", other, 1);
        awaitUsage(one, "key=" + key.id(), 7);
        awaitUsage(two, "key=" + key.id(), 14);
        Answer usage = usage(one, "key=" + key.id());
        assertThat(List.of(item(usage, 0), item(usage, 1), item(usage, 2)))
                .containsExactly("few 5 3 0", "kept 4 0 3", "plain 5 0 0");
        Answer plain = usage(one, "key=" + key.id() + "&route=plain");
        int length = one.send("GET", "/api/plain/x", "", "X-API-Key", other.token())
                .body()
                .length();
        assertThat(plain.get("totals.responseBytes")).isEqualTo(Integer.toString(5 * length));
        awaitUsage(one, "owner=tally", 16);
        // Its own, and nobody else's.
        Answer own = two.send("GET", "/api/v1/usage", "", "X-API-Key", other.token());
        assertThat(own.get("totals.requests")).isEqualTo("2");
        assertThat(two.send("GET", "/api/v1/usage", "").get("code")).isEqualTo("key-missing");
    }

    @Test
    void bytesOfARequestsBodyAreCountedToo() {
        Made key = one.key("");
        assertThat(one.send("POST", "/api/plain/x", "twelve bytes", "X-API-Key", key.token())
                        .status())
                .isEqualTo(200);
        awaitUsage(one, "key=" + key.id(), 1);
        assertThat(usage(one, "key=" + key.id()).get("totals.requestBytes")).isEqualTo("12");
    }

    @Test
    void callersWithoutAKeyAreCountedTogether() {
        one.send("GET", "/api/open/x", "");
        one.send("GET", "/api/open/x", "");
        awaitUsage(one, "key=_public", 2);
    }

    @Test
    void hoursAndDaysAreKeptApart() {
        Made key = one.key("");
        String whose = "key=" + key.id();
        // A node with a clock of its own.
        try (Gateway node = node(routes)) {
            call(node, "/api/plain/x", key, 1);
            awaitUsage(node, whose, 1);
            node.time().advance(Duration.ofHours(1));
            call(node, "/api/plain/x", key, 2);
            awaitUsage(node, whose, 3);
            node.time().advance(Duration.ofHours(24));
            call(node, "/api/plain/x", key, 4);
            awaitUsage(node, whose, 4);
            assertThat(usage(node, whose + "&step=day").get("totals.requests")).isEqualTo("7");
            Instant before = node.time().instant().minus(Duration.ofHours(26));
            assertThat(usage(node, whose + "&from=" + before)
                            .json()
                            .at("/items")
                            .valueStream()
                            .map(item -> item.at("/requests").asInt()))
                    .containsExactly(1, 2, 4);
        }
    }

    @Test
    void batchWhoseAnswerWasLostIsCountedOnce() {
        // Another writer than the node itself, whose batches have their own numbers.
        UsageStore store =
                new UsageStore(one.bean(Redis.class), one.bean(JsonMapper.class), one.bean(UsageProperties.class));
        Cell cell = new Cell(Cell.hourOf(one.time().millis()), "twice", "", "plain");
        Tallies.Batch batch = new Tallies.Batch(1, cell.day(), Map.of(cell, new Sums(5, 0, 0, 0, 0, 0, 0)));
        store.add(batch);
        store.add(batch);
        awaitUsage(two, "key=twice", 5);
    }

    @Test
    void whatIsCountedWhileRedisIsGoneIsWrittenLater() throws Exception {
        Made key = one.key("");
        call(one, "/api/plain/x", key, 1);
        redis.kill9();
        await().until(() -> !one.send("GET", "/health", "").get("status").equals("healthy"));
        call(one, "/api/plain/x", key, 3);
        assertThat(one.admin("GET", "/admin/usage", "").status()).isEqualTo(503);
        redis.start();
        await().until(() -> one.send("GET", "/health", "").get("status").equals("healthy")
                && two.send("GET", "/health", "").get("status").equals("healthy"));
        awaitUsage(one, "key=" + key.id(), 4);
    }

    @Test
    void nodeThatStopsWritesTheRest() {
        Made key = one.key("");
        try (Gateway leaving = node(routes)) {
            call(leaving, "/api/plain/x", key, 6);
        }
        awaitUsage(one, "key=" + key.id(), 6);
    }

    @ParameterizedTest
    @CsvSource({
        "step=week, step",
        "from=2026-01-01T00:00:00Z&to=2026-03-01T00:00:00Z, from",
        "from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z, from",
        "from=yesterday, from",
        "key=a&owner=b, owner"
    })
    void wrongQuestionIsRefusedByItsField(String query, String field) {
        Answer refused = one.admin("GET", "/admin/usage?" + query, "");
        assertThat(refused.status()).isEqualTo(400);
        assertThat(refused.body()).contains(field);
    }
}
