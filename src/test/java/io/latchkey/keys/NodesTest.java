package io.latchkey.keys;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.latchkey.Gateway;
import io.latchkey.Gateway.Answer;
import io.latchkey.Gateway.Made;
import io.latchkey.proxy.StubUpstream;
import io.latchkey.store.RedisServer;
import io.latchkey.store.Wire;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** Several nodes on one Redis are one gateway. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class NodesTest {
    private static final String NODES = "{api_keys:valid}:nodes";
    private static final Duration HARD_BOUND = Duration.ofSeconds(5);

    private RedisServer redis;
    private OutsideTool tool;
    private Wire wire;
    private Gateway a;
    private Gateway b;

    @BeforeAll
    void start(@TempDir Path directory) throws Exception {
        redis = RedisServer.started(directory);
        tool = OutsideTool.at(redis.url());
        wire = new Wire(redis.port());
        a = node("a", redis.port());
        b = node("b", wire.port());
    }

    @AfterAll
    void stop() throws Exception {
        a.close();
        b.close();
        wire.close();
        tool.close();
        redis.close();
    }

    /** Writes evidence once a minute, so that a test sees what was asked for and not what came by itself. */
    private static Gateway node(String name, int redisPort) {
        return node(name, redisPort, "latchkey.routes-file", "");
    }

    private static Gateway node(String name, int redisPort, String setting, String value) {
        return Gateway.start(Gateway.on(
                "redis://127.0.0.1:" + redisPort,
                Map.of(
                        "latchkey.keys.node-id",
                        name,
                        "latchkey.keys.evidence-every",
                        "60s",
                        "server.shutdown",
                        "graceful",
                        setting,
                        value)));
    }

    @AfterEach
    void nodesAreWhole() {
        await().atMost(Duration.ofSeconds(15))
                .untilAsserted(() ->
                        assertThat(b.send("GET", "/health", "").get("status")).isEqualTo("healthy"));
    }

    /** A key that both nodes have in memory. */
    private Made known(String fields) {
        Made key = a.key(fields);
        assertThat(a.call(key.token()).status()).isEqualTo(200);
        assertThat(b.call(key.token()).status()).isEqualTo(200);
        return key;
    }

    private Answer revoke(Made key, String... headers) {
        return a.admin("DELETE", "/admin/keys/" + key.id(), "", headers);
    }

    private static List<String> laggards(Answer answer) {
        return answer.json()
                .at("/laggards")
                .valueStream()
                .map(JsonNode::asString)
                .toList();
    }

    @Test
    void newSecretWorksOnEveryNodeWhenTheResponseArrives() {
        Made key = known("");
        String old = key.token();
        for (int i = 0; i < 20; i++) {
            Answer rotation = a.rotate(key.id(), "{\"overlap\":\"PT0S\"}");
            String fresh = rotation.get("token");
            assertThat(b.call(fresh).status()).isEqualTo(200);
            assertThat(rotation.get("nodesAcked")).isEqualTo("2");
            assertThat(rotation.get("nodesLive")).isEqualTo("2");
            assertThat(b.call(old).get("code")).isEqualTo("key-superseded");
            old = fresh;
        }
    }

    @Test
    void whoHasNotAppliedAChangeIsNamedUntilItHas() throws Exception {
        await().untilAsserted(() ->
                assertThat(laggards(a.admin("GET", "/admin/nodes", ""))).isEmpty());
        wire.cut();
        try {
            a.key("");
            await().untilAsserted(() -> {
                Answer fleet = a.admin("GET", "/admin/nodes", "");
                assertThat(fleet.get("live")).isEqualTo("2");
                assertThat(laggards(fleet)).containsExactly("b");
                assertThat(fleet.json().at("/items").valueStream())
                        .extracting(node -> node.get("id").asString() + " "
                                + (node.get("behind").asLong() > 0))
                        .containsExactly("a false", "b true");
                assertThat(a.actuator("/actuator/prometheus").body())
                        .contains("latchkey_nodes{state=\"lagging\"} 1.0", "latchkey_nodes{state=\"live\"} 2.0");
            });
            await().untilAsserted(() -> assertThat(secondsBehind(b)).isGreaterThan(2));
        } finally {
            wire.mend();
        }
        await().atMost(Duration.ofSeconds(15)).untilAsserted(() -> {
            assertThat(laggards(b.admin("GET", "/admin/nodes", ""))).isEmpty();
            assertThat(secondsBehind(b)).isLessThan(2);
        });
    }

    private static double secondsBehind(Gateway node) {
        return node.actuator("/actuator/prometheus")
                .body()
                .lines()
                .filter(line -> line.startsWith("latchkey_node_epoch_lag_seconds "))
                .mapToDouble(line -> Double.parseDouble(line.substring(line.indexOf(' ') + 1)))
                .sum();
    }

    @Test
    void revokedKeyIsRefusedOnEveryNode() {
        Made key = known("");
        Answer revoked = revoke(key, "Prefer", "wait=5");
        assertThat(revoked.status()).isEqualTo(200);
        assertThat(revoked.get("nodesAcked")).isEqualTo("2");
        assertThat(revoked.get("nodesLive")).isEqualTo("2");
        assertThat(laggards(revoked)).isEmpty();
        assertThat(b.call(key.token()).get("code")).isEqualTo("key-revoked");
        assertThat(a.call(key.token()).get("code")).isEqualTo("key-revoked");
        assertThat(revoke(key).get("epoch")).isEqualTo(revoked.get("epoch"));
    }

    @Test
    void disabledKeyIsRefusedOnEveryNodeAndEnabledWorksAgain() {
        Made key = known("");
        assertThat(a.admin("POST", "/admin/keys/" + key.id() + "/disable", "").status())
                .isEqualTo(200);
        await().atMost(HARD_BOUND)
                .untilAsserted(() -> assertThat(b.call(key.token()).get("code")).isEqualTo("key-disabled"));
        assertThat(a.admin("POST", "/admin/keys/" + key.id() + "/enable", "").status())
                .isEqualTo(200);
        await().atMost(HARD_BOUND)
                .untilAsserted(() -> assertThat(b.call(key.token()).status()).isEqualTo(200));
    }

    @Test
    void scopesReachEveryNode() {
        Made key = known("");
        String self = "/api/v1/keys/self/rotations";
        assertThat(b.send("POST", self, "", "X-API-Key", key.token()).get("code"))
                .isEqualTo("scope-missing");
        patch(key, "{\"scopes\":[\"keys:rotate-self\"]}");
        await().atMost(HARD_BOUND)
                .untilAsserted(() -> assertThat(b.send("POST", self, "", "X-API-Key", key.token())
                                .status())
                        .isEqualTo(201));
        patch(key, "{\"scopes\":[]}");
        await().atMost(HARD_BOUND)
                .untilAsserted(() -> assertThat(b.send("GET", "/api/v1/keys/self", "", "X-API-Key", key.token())
                                .json()
                                .at("/scopes"))
                        .isEmpty());
    }

    private void patch(Made key, String body) {
        assertThat(a.admin("PATCH", "/admin/keys/" + key.id(), body, "If-Match", "*")
                        .status())
                .isEqualTo(200);
    }

    @Test
    void firstUseOnOneNodeStartsTheOldSecretsClockOnTheOther() {
        Made key = known("");
        Answer rotation = a.rotate(key.id(), "{\"overlap\":\"PT1H\",\"activation\":\"first-use\"}");
        assertThat(b.call(key.token()).headers().firstValue("API-Key-Status")).isEmpty();
        assertThat(b.call(rotation.get("token")).status()).isEqualTo(200);
        await().atMost(HARD_BOUND)
                .untilAsserted(() ->
                        assertThat(a.call(key.token()).header("API-Key-Status")).isEqualTo("superseded"));
        assertThat(a.admin("GET", "/admin/keys/" + key.id() + "/rotations/" + rotation.get("id"), "")
                        .get("state"))
                .isEqualTo("overlapping");
    }

    @Test
    void finishCountsWhatEveryNodeSaw() {
        Made key = known("");
        Answer rotation = a.rotate(key.id(), "{}");
        String path = "/admin/keys/" + key.id() + "/rotations/" + rotation.get("id");
        assertThat(a.call(key.token(), "User-Agent", "seen-by-a").status()).isEqualTo(200);
        for (int i = 0; i < 3; i++) {
            assertThat(b.call(key.token(), "User-Agent", "seen-by-b").status()).isEqualTo(200);
        }
        Answer refused = a.admin("POST", path + "/finish", "{}");
        assertThat(refused.status()).isEqualTo(409);
        assertThat(refused.get("lastUsedAt")).isNotEmpty();

        Answer seen = a.admin("GET", path, "");
        assertThat(seen.json().at("/oldSecret/callers").valueStream())
                .extracting(caller -> caller.path("userAgent").asString()
                        + caller.path("hits").asString())
                .containsExactlyInAnyOrder("seen-by-a1", "seen-by-b3");
    }

    @Test
    void useOnAnotherNodeAloneForbidsFinishAndRollback() {
        Made key = known("");
        Answer rotation = a.rotate(key.id(), "{}");
        String path = "/admin/keys/" + key.id() + "/rotations/" + rotation.get("id");
        assertThat(b.call(rotation.get("token")).status()).isEqualTo(200);
        assertThat(a.admin("POST", path + "/rollback", "{}").status()).isEqualTo(409);
    }

    @Test
    void nodeThatDrainsIsWaitedForUntilItIsClosed(@TempDir Path directory) throws Exception {
        CountDownLatch arrived = new CountDownLatch(1);
        CountDownLatch answer = new CountDownLatch(1);
        try (StubUpstream upstream = StubUpstream.start();
                ExecutorService others = Executors.newFixedThreadPool(2)) {
            upstream.script((request, stream) -> {
                arrived.countDown();
                awaitQuietly(answer);
                stream.write(StubUpstream.OK);
            });
            Path routes = Files.writeString(directory.resolve("routes.yml"), """
                    routes:
                      - { id: slow, path: /api/slow, upstreams: [ "%s" ] }
                    """.formatted(upstream.uri()));
            Gateway c = node("c", redis.port(), "latchkey.routes-file", routes.toString());
            Made key = known("");
            Future<Answer> slow = others.submit(() -> c.send("GET", "/api/slow", "", "X-API-Key", key.token()));
            arrived.await();
            Future<?> closing = others.submit(c::close);
            await().during(Duration.ofSeconds(2))
                    .atMost(Duration.ofSeconds(10))
                    .untilAsserted(() -> assertThat(tool.nodes()).contains("c"));
            Answer revoked = revoke(known(""), "Prefer", "wait=5");
            assertThat(revoked.get("nodesAcked") + "/" + revoked.get("nodesLive"))
                    .isEqualTo("3/3");
            answer.countDown();
            closing.get();
            assertThat(slow.get().status()).isEqualTo(200);
            assertThat(tool.nodes()).containsExactlyInAnyOrder("a", "b");
        }
    }

    private static void awaitQuietly(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Test
    void nodeThatIsClosedIsNoLongerWaitedFor() {
        Gateway c = node("c", redis.port());
        Made key = known("");
        assertThat(c.call(key.token()).status()).isEqualTo(200);
        assertThat(revoke(key, "Prefer", "wait=5").get("nodesLive")).isEqualTo("3");
        c.close();
        assertThat(tool.nodes()).containsExactlyInAnyOrder("a", "b");
        Answer revoked = revoke(known(""), "Prefer", "wait=5");
        assertThat(revoked.status()).isEqualTo(200);
        assertThat(revoked.get("nodesLive")).isEqualTo("2");
        await().during(Duration.ofSeconds(2))
                .atMost(Duration.ofSeconds(10))
                .untilAsserted(() -> assertThat(tool.nodes()).containsExactlyInAnyOrder("a", "b"));
    }

    @Test
    void nodeThatHangsIsNamedAndNeverTakenForDone() {
        ObjectNode hung = (ObjectNode) Gateway.JSON.readTree(tool.redis().hget(NODES, "a"));
        hung.put("id", "hung");
        Made key = known("");
        Made rotated = known("");
        Answer rotation = a.rotate(rotated.id(), "{}");
        tool.redis().hset(NODES, "hung", hung.toString());
        try {
            Answer revoked = revoke(key, "Prefer", "wait=1");
            assertThat(revoked.status()).isEqualTo(202);
            assertThat(laggards(revoked)).containsExactly("hung");
            assertThat(revoked.get("nodesAcked")).isEqualTo("2");
            assertThat(revoked.get("nodesLive")).isEqualTo("3");
            assertThat(b.call(key.token()).get("code")).isEqualTo("key-revoked");

            String finish = "/admin/keys/" + rotated.id() + "/rotations/" + rotation.get("id") + "/finish";
            Answer refused = a.admin("POST", finish, "{}");
            assertThat(refused.status()).isEqualTo(409);
            assertThat(laggards(refused)).containsExactly("hung");
            assertThat(a.admin("POST", finish, "{\"force\":true}").status()).isEqualTo(200);
        } finally {
            tool.redis().hdel(NODES, "hung");
        }
        assertThat(revoke(key, "Prefer", "wait=5").status()).isEqualTo(200);
    }

    @Test
    void parallelRotationsOnAllNodesKeepTheInvariants() throws Exception {
        Made key = known("");
        List<String> bodies =
                List.of("{\"overlap\":\"PT1H\"}", "{\"overlap\":\"PT0S\"}", "{\"activation\":\"first-use\"}", "{}");
        List<Future<Answer>> answers = new ArrayList<>();
        try (ExecutorService operators = Executors.newFixedThreadPool(20)) {
            for (int i = 0; i < 20; i++) {
                Gateway node = i % 2 == 0 ? a : b;
                String body = bodies.get(i / 2 % bodies.size());
                answers.add(operators.submit(() -> node.admin("POST", "/admin/keys/" + key.id() + "/rotations", body)));
            }
        }
        List<String> tokens = new ArrayList<>(List.of(key.token()));
        for (Future<Answer> answer : answers) {
            assertThat(answer.get().status()).isIn(201, 409);
            if (answer.get().status() == 201) {
                tokens.add(answer.get().get("token"));
            }
        }
        List<JsonNode> secrets = a.admin("GET", "/admin/keys/" + key.id(), "")
                .json()
                .at("/secrets")
                .valueStream()
                .toList();
        assertThat(secrets.size()).isLessThanOrEqualTo(4);
        assertThat(in(secrets, "active")).isEqualTo(1);
        assertThat(in(secrets, "pending")).isLessThanOrEqualTo(1);
        // Those that work, asked of the nodes themselves; a pending one would become active by asking.
        List<String> statuses = new ArrayList<>();
        for (String token : tokens) {
            Answer onA = a.call(token);
            Answer onB = b.call(token);
            assertThat(onB.status()).isEqualTo(onA.status());
            if (onA.status() == 200) {
                statuses.add(onB.header("API-Key-Status"));
            }
        }
        assertThat(statuses).filteredOn(String::isEmpty).hasSizeBetween(1, 2);
        assertThat(statuses).filteredOn("superseded"::equals).hasSizeLessThanOrEqualTo(3);
        assertThat(a.admin("GET", "/admin/audit/verify", "").get("intact")).isEqualTo("true");
    }

    private static long in(List<JsonNode> secrets, String state) {
        return secrets.stream()
                .filter(secret -> secret.path("state").asString().equals(state))
                .count();
    }

    @Test
    void changesMadeWhileANodeWasCutOffAreAppliedWhenItIsBack() throws Exception {
        Made revoked = known("");
        Made rotated = known("");
        String fresh;
        wire.cut();
        try {
            Answer answer = revoke(revoked);
            assertThat(answer.status()).isEqualTo(202);
            assertThat(laggards(answer)).containsExactly("b");
            fresh = a.rotate(rotated.id(), "{\"overlap\":\"PT0S\"}").get("token");
            // What it knew a moment ago it may say for the grace; what it does not know it must not refuse.
            assertThat(b.call(rotated.token()).status()).isEqualTo(200);
            assertThat(b.call(fresh).get("code")).isEqualTo("auth-store-unavailable");
        } finally {
            wire.mend();
        }
        await().atMost(Duration.ofSeconds(10))
                .untilAsserted(
                        () -> assertThat(b.call(revoked.token()).get("code")).isEqualTo("key-revoked"));
        assertThat(b.call(rotated.token()).get("code")).isEqualTo("key-superseded");
        assertThat(b.call(fresh).status()).isEqualTo(200);
        await().atMost(Duration.ofSeconds(10))
                .untilAsserted(() -> assertThat(revoke(revoked).status()).isEqualTo(200));
    }

    @Test
    void restartOfRedisLosesNoChange() {
        Made key = known("");
        assertThat(revoke(key).status()).isIn(200, 202);
        redis.kill9();
        redis.start();
        await().atMost(Duration.ofSeconds(15))
                .untilAsserted(() -> assertThat(b.call(key.token()).get("code")).isEqualTo("key-revoked"));
        await().atMost(Duration.ofSeconds(15))
                .untilAsserted(() ->
                        assertThat(revoke(key, "Prefer", "wait=5").status()).isEqualTo(200));
        nodesAreWhole();
        Made next = known("");
        assertThat(revoke(next, "Prefer", "wait=5").status()).isEqualTo(200);
    }
}
