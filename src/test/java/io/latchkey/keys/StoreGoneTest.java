package io.latchkey.keys;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.latchkey.Gateway;
import io.latchkey.Gateway.Answer;
import io.latchkey.Gateway.Made;
import io.latchkey.store.Redis;
import io.latchkey.store.RedisServer;
import io.latchkey.store.StoreUnavailable;
import io.lettuce.core.ScriptOutputType;
import io.lettuce.core.codec.StringCodec;
import io.lettuce.core.output.StatusOutput;
import io.lettuce.core.protocol.CommandArgs;
import io.lettuce.core.protocol.CommandType;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.awaitility.core.ConditionFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Redis is killed, paused, emptied or not there yet: what is still answered, what is refused, and that it heals. */
class StoreGoneTest {
    private static final String LEGACY = "legacy-abc";

    /** What another node's change of a key leaves in the stream. */
    private static final String CHANGE = """
            local epoch = redis.call('INCR', '{api_keys:valid}:epoch')
            redis.call('XADD', '{api_keys:valid}:changes', epoch .. '-0', 'key', 'other', 'at', '0')
            """;

    @TempDir
    Path directory;

    private final int port = RedisServer.freePort();

    @SuppressWarnings("NullAway.Init")
    private RedisServer redis;

    @SuppressWarnings("NullAway.Init")
    private Gateway gateway;

    @AfterEach
    void stop() {
        gateway.close();
        redis.close();
    }

    private void startRedis() {
        redis = RedisServer.on(port, directory).start();
    }

    private String[] settings(String... more) {
        return Stream.concat(
                        Stream.of(Gateway.on("redis://127.0.0.1:" + port, Map.of("latchkey.keys.legacy-key", LEGACY))),
                        Stream.of(more))
                .toArray(String[]::new);
    }

    private static ConditionFactory soon() {
        return await().atMost(Duration.ofSeconds(20));
    }

    private static void assertUnavailable(Answer answer, String code) {
        assertThat(answer.status()).as(answer.body()).isEqualTo(503);
        assertThat(answer.get("code")).isEqualTo(code);
        assertThat(answer.get("blame")).isEqualTo("gateway");
        assertThat(answer.get("retryable")).isEqualTo("true");
        assertThat(answer.header("Retry-After")).matches("[1-9]\\d*");
    }

    /** Whoever is not known from memory: well-formed tokens of a stranger, of a known key, and of no key. */
    private List<String> strangers(Made known) {
        SecureRandom random = new SecureRandom();
        return List.of(
                Token.mint("live", "0UnknownId", random), Token.mint("live", known.id(), random), "legacy-unknown");
    }

    private void assertHealed() {
        soon().untilAsserted(() ->
                assertThat(gateway.send("GET", "/health", "").get("status")).isEqualTo("healthy"));
        soon().untilAsserted(() -> assertThat(
                        gateway.admin("POST", "/admin/keys", "{\"name\":\"x\"}").status())
                .isEqualTo(201));
        soon().untilAsserted(() ->
                assertThat(gateway.call("legacy-unknown").get("code")).isEqualTo("key-unknown"));
    }

    private String health(String path) {
        Answer answer = gateway.actuator("/actuator/health/" + path);
        return answer.status() + " " + answer.get("status");
    }

    @Test
    void verifiedKeysWorkWithinTheGraceAndNoOtherIsCalledUnknown() {
        startRedis();
        gateway = Gateway.frozen(settings());
        Made key = gateway.key("");
        Made revoked = gateway.key("");
        assertThat(gateway.call(revoked.token()).status()).isEqualTo(200);
        gateway.admin("DELETE", "/admin/keys/" + revoked.id(), "", "Prefer", "wait=5");
        Answer rotation = gateway.rotate(key.id(), "{\"overlap\":\"PT1H\"}");
        List<String> verified = List.of(key.token(), rotation.get("token"), LEGACY);
        verified.forEach(token -> assertThat(gateway.call(token).status()).isEqualTo(200));

        redis.kill9();
        soon().untilAsserted(() ->
                assertThat(gateway.send("GET", "/health", "").get("status")).isEqualTo("degraded"));
        for (int i = 0; i < 3; i++) {
            verified.forEach(token -> assertThat(gateway.call(token).status()).isEqualTo(200));
            for (String token : strangers(key)) {
                assertUnavailable(gateway.call(token), "auth-store-unavailable");
            }
        }
        assertThat(gateway.call(revoked.token()).status()).isIn(401, 503);
        assertThat(gateway.call("lk_live_cut").get("code")).isEqualTo("key-malformed");
        assertUnavailable(gateway.admin("POST", "/admin/keys", "{\"name\":\"x\"}"), "store-unavailable");
        assertUnavailable(gateway.admin("DELETE", "/admin/keys/" + key.id(), ""), "store-unavailable");
        assertUnavailable(gateway.admin("POST", "/admin/keys/" + key.id() + "/rotations", "{}"), "store-unavailable");
        assertThat(health("readiness")).isEqualTo("200 UP");
        assertThat(health("liveness")).isEqualTo("200 UP");

        gateway.time().advance(Duration.ofHours(1));
        assertThat(gateway.call(key.token()).get("code")).isEqualTo("key-superseded");
        assertThat(gateway.call(rotation.get("token")).status()).isEqualTo(200);

        redis.start();
        assertHealed();
        assertThat(gateway.call(rotation.get("token")).status()).isEqualTo(200);
        assertThat(gateway.call(revoked.token()).get("code")).isEqualTo("key-revoked");
    }

    @Test
    void secretThatWaitsForItsFirstUseWaitsForRedisToo() {
        startRedis();
        gateway = Gateway.start(settings());
        Made key = gateway.key("");
        Answer rotation = gateway.rotate(key.id(), "{\"activation\":\"first-use\"}");
        assertThat(gateway.call(key.token()).status()).isEqualTo(200);
        redis.kill9();
        assertUnavailable(gateway.call(rotation.get("token")), "auth-store-unavailable");
        assertThat(gateway.call(key.token()).status()).isEqualTo(200);
        redis.start();
        soon().untilAsserted(() ->
                assertThat(gateway.call(rotation.get("token")).status()).isEqualTo(200));
        assertThat(gateway.call(key.token()).header("API-Key-Status")).isEqualTo("superseded");
    }

    @Test
    void afterTheGraceNobodyIsLetIn() {
        startRedis();
        gateway = Gateway.start(settings("--latchkey.keys.grace=3s"));
        Made key = gateway.key("");
        assertThat(gateway.call(key.token()).status()).isEqualTo(200);
        redis.kill9();
        assertThat(gateway.call(key.token()).status()).isEqualTo(200);
        soon().untilAsserted(() -> assertUnavailable(gateway.call(key.token()), "auth-store-unavailable"));
        soon().untilAsserted(
                        () -> assertUnavailable(gateway.admin("GET", "/admin/keys", ""), "auth-store-unavailable"));
        assertThat(health("readiness")).isEqualTo("200 UP");
        redis.start();
        assertHealed();
        assertThat(gateway.call(key.token()).status()).isEqualTo(200);
    }

    @Test
    void withoutAGraceNobodyIsLetInOnceRedisIsGone() {
        startRedis();
        gateway = Gateway.start(settings("--latchkey.keys.grace=0s"));
        Made key = gateway.key("");
        assertThat(gateway.call(key.token()).status()).isEqualTo(200);
        redis.kill9();
        soon().untilAsserted(() ->
                assertThat(gateway.send("GET", "/health", "").get("status")).isEqualTo("degraded"));
        assertUnavailable(gateway.call(key.token()), "auth-store-unavailable");
        redis.start();
        assertHealed();
        assertThat(gateway.call(key.token()).status()).isEqualTo(200);
    }

    @Test
    void redisThatHangsHoldsUpNobody() {
        startRedis();
        gateway = Gateway.start(settings("--latchkey.store.request-timeout=50ms"));
        Made key = gateway.key("");
        soon().untilAsserted(
                        () -> assertThat(gateway.call(key.token()).status()).isEqualTo(200));
        redis.pause();
        try {
            for (int i = 0; i < 5; i++) {
                assertThat(gateway.call(key.token()).status()).isEqualTo(200);
                for (String token : strangers(key)) {
                    assertUnavailable(gateway.call(token), "auth-store-unavailable");
                }
            }
            assertThat(gateway.send("GET", "/health", "").get("status")).isEqualTo("degraded");
            assertUnavailable(gateway.admin("POST", "/admin/keys", "{\"name\":\"x\"}"), "store-unavailable");
            assertThat(health("liveness")).isEqualTo("200 UP");
        } finally {
            redis.resume();
        }
        assertHealed();
        assertThat(gateway.call(key.token()).status()).isEqualTo(200);
    }

    @Test
    void keyThatWasSentToTheAdminApiByMistakeStillWorksWithinTheGrace() {
        startRedis();
        gateway = Gateway.start(settings());
        Made key = gateway.key("");
        assertThat(gateway.call(key.token()).status()).isEqualTo(200);
        assertThat(gateway.adminAs(key.token(), "GET", "/admin/keys", "").status())
                .isEqualTo(401);
        redis.kill9();
        assertThat(gateway.call(key.token()).status()).isEqualTo(200);
    }

    @Test
    void evidenceOnItsWayIsWaitedFor() throws Exception {
        startRedis();
        gateway = Gateway.start(settings("--latchkey.keys.evidence-every=60s"));
        Made key = gateway.key("");
        Evidence evidence = gateway.bean(Evidence.class);
        // What the operator did is evidence too.
        evidence.write();
        assertThat(gateway.call(key.token()).status()).isEqualTo(200);
        try (OutsideTool tool = OutsideTool.at("redis://127.0.0.1:" + port)) {
            tool.redis()
                    .dispatch(
                            CommandType.CLIENT,
                            new StatusOutput<>(StringCodec.UTF8),
                            new CommandArgs<>(StringCodec.UTF8)
                                    .add("PAUSE")
                                    .add(1000)
                                    .add("WRITE"));
            Thread first = Thread.ofPlatform().start(evidence::write);
            soon().until(() -> first.getState() == Thread.State.TIMED_WAITING);
            evidence.write();
            assertThat(tool.redis().hgetall("{api_keys:valid}:used:" + key.id()).values())
                    .contains("1");
            first.join();
        }
    }

    @Test
    void nodeStartsWithoutRedisAndIsReadyWhenItAppears() {
        redis = RedisServer.on(port, directory);
        gateway = Gateway.start(settings());
        assertThat(health("liveness")).isEqualTo("200 UP");
        assertThat(health("readiness")).startsWith("503 ");
        Answer health = gateway.send("GET", "/health", "");
        assertThat(health.status()).isEqualTo(503);
        assertThat(health.get("status")).isEqualTo("unhealthy");
        assertUnavailable(gateway.call(LEGACY), "auth-store-unavailable");
        assertUnavailable(gateway.admin("GET", "/admin/keys", ""), "auth-store-unavailable");
        assertThat(gateway.send("GET", "/api/demo/x", "").get("code")).isEqualTo("key-missing");

        redis.start();
        soon().untilAsserted(() -> assertThat(health("readiness")).isEqualTo("200 UP"));
        assertHealed();
        assertThat(gateway.call(LEGACY).status()).isEqualTo(200);
    }

    @Test
    void emptiedRedisKnowsNobodyAndTheNodeBeginsAnew() {
        startRedis();
        gateway = Gateway.start(settings());
        Made key = gateway.key("");
        assertThat(gateway.call(key.token()).status()).isEqualTo(200);
        try (OutsideTool tool = OutsideTool.at(redis.url())) {
            tool.redis().flushall();
            await().atMost(Duration.ofSeconds(5))
                    .untilAsserted(() ->
                            assertThat(gateway.call(key.token()).get("code")).isEqualTo("key-unknown"));
            assertHealed();
            soon().untilAsserted(() -> assertThat(gateway.call(LEGACY).status()).isEqualTo(200));
            assertThat(gateway.call(gateway.key("").token()).status()).isEqualTo(200);
            assertThat(gateway.admin("GET", "/admin/audit/verify", "").get("intact"))
                    .isEqualTo("true");
        }
        gateway.close();
        gateway = Gateway.start(settings());
        assertThat(gateway.admin("GET", "/admin/audit/verify", "").get("intact"))
                .isEqualTo("true");
    }

    @Test
    void emptiedRedisIsNoticedThoughChangesGoOn() {
        startRedis();
        gateway = Gateway.start(settings());
        Made key = gateway.key("");
        assertThat(gateway.call(key.token()).status()).isEqualTo(200);
        try (OutsideTool tool = OutsideTool.at(redis.url())) {
            // Other nodes fill the new store past this node's position before it looks, and go on.
            tool.redis().eval("""
                    redis.call('FLUSHALL')
                    redis.call('SET', '{api_keys:valid}:incarnation', 'another')
                    for i = 1, 50 do
                    """ + CHANGE + " end", ScriptOutputType.STATUS);
            await().pollInterval(Duration.ofMillis(100))
                    .atMost(Duration.ofSeconds(3))
                    .untilAsserted(() -> {
                        tool.redis().eval(CHANGE, ScriptOutputType.STATUS);
                        assertThat(gateway.call(key.token()).get("code")).isEqualTo("key-unknown");
                    });
        }
    }

    @ParameterizedTest(name = "with another change after it: {0}")
    @ValueSource(booleans = {true, false})
    void changeThatAFailOverReplacedIsNoticedThoughNoConnectionSeemedLost(boolean another) {
        startRedis();
        gateway = Gateway.start(settings());
        Made key = gateway.key("");
        assertThat(gateway.call(key.token()).status()).isEqualTo(200);
        gateway.awaitApplied();
        try (OutsideTool tool = OutsideTool.at(redis.url())) {
            tool.redis()
                    .eval(
                            """
                    local epoch = redis.call('GET', '{api_keys:valid}:epoch')
                    redis.call('DEL', '{api_keys:valid}:changes', '{api_keys:valid}:key:' .. ARGV[1])
                    redis.call('XADD', '{api_keys:valid}:changes', epoch .. '-0', 'key', 'another', 'at', '0')
                    """ + (another ? CHANGE : "return redis.status_reply('OK')"),
                            ScriptOutputType.STATUS,
                            new String[0],
                            key.id());
        }
        // Sooner than what is cached is asked for again.
        await().atMost(Duration.ofSeconds(3))
                .untilAsserted(
                        () -> assertThat(gateway.call(key.token()).get("code")).isEqualTo("key-unknown"));
    }

    @Test
    void scriptsThatRedisForgotAreSentAgain() {
        startRedis();
        gateway = Gateway.start(settings());
        Made key = gateway.key("");
        try (OutsideTool tool = OutsideTool.at(redis.url())) {
            tool.redis().scriptFlush();
            assertThat(gateway.call(LEGACY).status()).isEqualTo(200);
            tool.redis().scriptFlush();
            assertThat(gateway.call(gateway.rotate(key.id(), "{\"activation\":\"first-use\"}")
                                    .get("token"))
                            .status())
                    .isEqualTo(200);
            tool.redis().scriptFlush();
            assertThat(gateway.admin("DELETE", "/admin/keys/" + key.id(), "", "Prefer", "wait=5")
                            .status())
                    .isEqualTo(200);
            assertThat(gateway.send("GET", "/health", "").get("status")).isEqualTo("healthy");
        }
    }

    @Test
    void noAcknowledgedKeyIsLostWhenRedisIsKilled() throws Exception {
        startRedis();
        gateway = Gateway.start(settings());
        Queue<Made> acknowledged = new ConcurrentLinkedQueue<>();
        AtomicBoolean going = new AtomicBoolean(true);
        try (ExecutorService operators = Executors.newFixedThreadPool(3)) {
            List<Future<?>> working = Stream.of(1, 2, 3)
                    .<Future<?>>map(operator -> operators.submit(() -> {
                        while (going.get()) {
                            Answer answer = gateway.admin("POST", "/admin/keys", "{\"name\":\"x\"}");
                            assertThat(answer.status()).as(answer.body()).isIn(201, 503);
                            if (answer.status() == 201) {
                                acknowledged.add(new Made(answer.get("id"), answer.get("token")));
                            }
                        }
                    }))
                    .toList();
            try {
                for (int round = 0; round < 3; round++) {
                    int before = acknowledged.size();
                    soon().until(() -> acknowledged.size() > before + 20);
                    redis.kill9();
                    redis.start();
                }
                int after = acknowledged.size();
                soon().until(() -> acknowledged.size() > after + 5);
            } finally {
                going.set(false);
            }
            for (Future<?> each : working) {
                each.get();
            }
        }
        assertHealed();
        for (Made key : acknowledged) {
            assertThat(gateway.call(key.token()).status()).as(key.id()).isEqualTo(200);
        }
        Answer verdict = gateway.admin("GET", "/admin/audit/verify", "");
        assertThat(verdict.get("intact")).isEqualTo("true");
        try (OutsideTool tool = OutsideTool.at(redis.url())) {
            String log = tool.dump().get("{api_keys:valid}:audit");
            assertThat(acknowledged).allSatisfy(key -> assertThat(log).contains("\"target\":\"" + key.id() + "\""));
        }
    }

    @Test
    void evidenceThatRedisRefusesForNowIsKeptAndWhatIsSpoiltSpoilsNothingElse() {
        startRedis();
        gateway = Gateway.start(settings());
        Redis store = gateway.bean(Redis.class);
        Evidence evidence = gateway.bean(Evidence.class);
        Made key = gateway.key("");
        Made another = gateway.key("");
        Made nonsense = gateway.key("");
        store.onAdmin(commands -> commands.lpush("{api_keys:valid}:used:" + another.id(), "something else"));
        store.onAdmin(commands ->
                commands.hset("{api_keys:valid}:used:" + nonsense.id(), secretOf(nonsense) + ".hits", "no number"));
        store.onAdmin(commands -> commands.configSet("min-replicas-to-write", "1"));
        for (Made each : List.of(key, another, nonsense)) {
            assertThat(gateway.call(each.token()).status()).isEqualTo(200);
        }
        assertThatThrownBy(evidence::write).isInstanceOf(StoreUnavailable.class).hasMessageContaining("NOREPLICAS");
        store.onAdmin(commands -> commands.configSet("min-replicas-to-write", "0"));
        evidence.write();
        assertThat(evidence.of(key.id()).hits(secretOf(key))).isEqualTo(1);
    }

    private String secretOf(Made key) {
        return gateway.admin("GET", "/admin/keys/" + key.id(), "").get("secrets.0.id");
    }
}
