package io.latchkey.ratelimit;

import static io.latchkey.ratelimit.Backend.parallel;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.latchkey.Gateway;
import io.latchkey.Gateway.Made;
import io.latchkey.keys.Keys;
import io.latchkey.store.Redis;
import io.latchkey.store.RedisServer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Two nodes over one Redis count together; and what each does when Redis is killed, paused, emptied or refuses. */
class LimitsAcrossNodesTest {
    private static final Backend BACKEND = new Backend();
    private static final Duration SOON = Duration.ofSeconds(20);

    @TempDir
    @SuppressWarnings("NullAway.Init")
    static Path directory;

    @SuppressWarnings("NullAway.Init")
    private static RedisServer redis;

    @SuppressWarnings("NullAway.Init")
    private static Gateway one;

    @SuppressWarnings("NullAway.Init")
    private static Gateway two;

    @BeforeAll
    static void start() {
        redis = RedisServer.started(directory);
        String[] settings = Gateway.on(
                redis.url(), Map.of("latchkey.keys.grace", "1h", "latchkey.front-door.trusted-proxies", "127.0.0.1"));
        List<String> all = new ArrayList<>(List.of(settings));
        all.add(BACKEND.routes(
                "exact: limits: [ { name: burst, quota: 100, window: PT1H, accuracy: exact } ]",
                "fast: limits: [ { name: burst, quota: 1000, window: PT1H } ]",
                "small: limits: [ { name: burst, quota: 100, window: PT1H } ]",
                "rolling: limits: [ { name: burst, quota: 1000, window: PT1S }, { name: long, quota: 1000, window: PT1H } ]",
                "public: access: public",
                "open: access: public, limits: [ { name: burst, quota: 5, window: PT1H } ]"));
        one = Gateway.start(all.toArray(String[]::new));
        two = Gateway.start(all.toArray(String[]::new));
        await().atMost(SOON).until(() -> nodes() == 4);
    }

    @AfterAll
    static void stop() {
        one.close();
        two.close();
        redis.close();
        BACKEND.close();
    }

    /** Of both together. */
    private static int nodes() {
        return one.bean(Keys.class).liveNodes() + two.bean(Keys.class).liveNodes();
    }

    private static int passed(int calls, String route, Made key, Gateway... gateways) throws Exception {
        List<Integer> statuses = parallel(calls, "/api/" + route + "/x", key.token(), gateways);
        assertThat(statuses).isSubsetOf(204, 429);
        return Collections.frequency(statuses, 204);
    }

    private static boolean isUp(Gateway gateway) {
        return gateway.send("GET", "/health", "").get("status").equals("healthy");
    }

    private static double meter(Gateway gateway, String name) {
        return gateway.actuator("/actuator/prometheus")
                .body()
                .lines()
                .filter(line -> line.startsWith(name))
                .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
                .sum();
    }

    @Test
    void ofFiveHundredCallsAtOnceExactlyTheHundredAllowedPassAndTheyShareTheirCallsToRedis() throws Exception {
        Made key = one.key("");
        double before = meter(one, "latchkey_limit_store_calls_total") + meter(two, "latchkey_limit_store_calls_total");
        assertThat(passed(500, "exact", key, one, two)).isEqualTo(100);
        double calls = meter(one, "latchkey_limit_store_calls_total") + meter(two, "latchkey_limit_store_calls_total");
        assertThat(calls - before).isLessThan(400);
    }

    @Test
    void fastLimitIsNeverExceededAndMissesNoMoreThanTheLeasesThatAreOut() throws Exception {
        Made key = one.key("");
        assertThat(passed(1_500, "fast", key, one, two)).isBetween(950, 1_000);
        // Whoever has a lease uses it up.
        assertThat(passed(200, "fast", key, one) + passed(200, "fast", key, two))
                .isLessThanOrEqualTo(50);
        assertThat(passed(20, "fast", key, one, two)).isZero();
    }

    @Test
    void smallFastQuotaIsCountedExactly() throws Exception {
        assertThat(passed(300, "small", one.key(""), one, two)).isEqualTo(100);
    }

    @Test
    void whatALeaseTookFromALongWindowIsNotLostWhenAShortOneEnds() {
        Made key = one.key("");
        for (int i = 0; i < 4; i++) {
            assertThat(Backend.call(one, "/api/rolling/x", key.token()).status())
                    .isEqualTo(204);
            await().until(() -> stored(key, "rolling:burst:PT1S") == 0);
        }
        // Four calls, and one more in hand.
        assertThat(stored(key, "rolling:long:PT1H")).isBetween(4L, 5L);
    }

    private static long stored(Made key, String counter) {
        String value = one.bean(Redis.class)
                .onAdmin(commands -> commands.get("latchkey:ratelimit:{" + key.id() + "}:" + counter));
        return value == null ? 0 : Long.parseLong(value);
    }

    @Test
    void keysOwnLimitIsChangedOnEveryNodeWithinASecond() {
        Made key = one.key("\"limits\":[{\"name\":\"burst\",\"quota\":1,\"window\":\"PT1H\"}]");
        assertThat(Backend.call(one, "/api/fast/x", key.token()).status()).isEqualTo(204);
        assertThat(Backend.call(two, "/api/fast/x", key.token()).status()).isEqualTo(429);
        String etag = one.admin("GET", "/admin/keys/" + key.id(), "").header("ETag");
        one.admin(
                "PATCH",
                "/admin/keys/" + key.id(),
                "{\"limits\":[{\"name\":\"burst\",\"quota\":100,\"window\":\"PT1H\"}]}",
                "If-Match",
                etag);
        await().atMost(Duration.ofSeconds(1))
                .untilAsserted(() -> assertThat(
                                Backend.call(two, "/api/fast/x", key.token()).status())
                        .isEqualTo(204));
    }

    @Test
    void publicRouteIsCountedOverAllNodes() {
        int passed = 0;
        for (int i = 0; i < 10; i++) {
            passed += (i % 2 == 0 ? one : two).send("GET", "/api/open/x", "").status() == 204 ? 1 : 0;
        }
        assertThat(passed).isEqualTo(5);
    }

    @Test
    void withoutRedisEachNodeLetsInItsShareAndWithItAllIsCountedTogetherAgain() throws Exception {
        Made key = one.key("");
        Made known = one.key("");
        for (Gateway gateway : List.of(one, two)) {
            for (Made each : List.of(key, known)) {
                assertThat(Backend.call(gateway, "/api/v1/keys/self", each.token())
                                .status())
                        .isEqualTo(200);
            }
        }
        assertThat(passed(90, "exact", known, one)).isEqualTo(90);
        double before = meter(one, "latchkey_limits_degraded_total");

        redis.kill9();
        await().atMost(SOON).until(() -> !isUp(one) && !isUp(two));
        for (Gateway gateway : List.of(one, two)) {
            assertThat(passed(200, "exact", key, gateway)).isBetween(49, 51);
            assertThat(Backend.call(gateway, "/api/exact/x", key.token()).header("Retry-After"))
                    .matches("\\d+");
            assertThat(Backend.call(gateway, "/api/exact/x", key.token()).header("RateLimit"))
                    .startsWith("\"burst\";r=0;t=");
        }
        // What Redis counted before it went is not forgotten.
        assertThat(passed(100, "exact", known, one)).isEqualTo(10);
        assertThat(meter(one, "latchkey_limits_degraded_total")).isGreaterThan(before);

        redis.start();
        await().atMost(SOON).until(() -> isUp(one) && isUp(two));
        Made fresh = one.key("");
        assertThat(passed(300, "exact", fresh, one, two)).isEqualTo(100);
    }

    @Test
    void secondOutageInTheSameWindowHasNoSecondShare() throws Exception {
        Made spent = one.key("");
        Made busy = one.key("");
        for (Made each : List.of(spent, busy)) {
            assertThat(Backend.call(one, "/api/v1/keys/self", each.token()).status())
                    .isEqualTo(200);
        }
        redis.kill9();
        await().atMost(SOON).until(() -> !isUp(one));
        assertThat(passed(200, "exact", spent, one)).isBetween(49, 51);
        assertThat(passed(20, "exact", busy, one)).isEqualTo(20);

        redis.start();
        await().atMost(SOON).until(() -> isUp(one) && isUp(two) && nodes() == 4);
        assertThat(passed(10, "exact", spent, one)).isEqualTo(10);
        assertThat(passed(90, "exact", busy, two)).isEqualTo(90);
        // What the other node used up, this one hears of with its next call.
        assertThat(passed(1, "exact", busy, one)).isEqualTo(1);

        redis.kill9();
        await().atMost(SOON).until(() -> !isUp(one));
        try {
            assertThat(passed(200, "exact", spent, one)).isLessThanOrEqualTo(1);
            assertThat(passed(200, "exact", busy, one)).isZero();
        } finally {
            redis.start();
        }
        await().atMost(SOON).until(() -> isUp(one) && isUp(two) && nodes() == 4);
    }

    @Test
    void leaseInHandIsUsedWhileRedisHangs() throws Exception {
        Made key = one.key("");
        assertThat(passed(200, "fast", key, one)).isEqualTo(200);
        redis.pause();
        try {
            // Of 800 left, the share of this node is 500.
            assertThat(passed(800, "fast", key, one)).isBetween(500, 600);
        } finally {
            redis.resume();
        }
        await().atMost(SOON).until(() -> isUp(one) && isUp(two));
        await().atMost(SOON).until(() -> nodes() == 4);
    }

    @Test
    void emptiedRedisBeginsAnewAndKnowsTheScriptAgain() throws Exception {
        Made key = one.key("");
        assertThat(passed(150, "exact", key, one)).isEqualTo(100);
        withCommands(commands -> commands.scriptFlush());
        withCommands(commands -> commands.del("latchkey:ratelimit:{" + key.id() + "}:exact:burst:PT1H"));
        await().atMost(Duration.ofSeconds(3))
                .untilAsserted(() -> assertThat(
                                Backend.call(one, "/api/exact/x", key.token()).status())
                        .isEqualTo(204));
    }

    @Test
    void redisThatRefusesCountsAsGone() throws Exception {
        Made readOnly = one.key("");
        Made wrongType = one.key("");
        Made full = one.key("");
        for (Made key : List.of(readOnly, wrongType, full)) {
            assertThat(Backend.call(one, "/api/v1/keys/self", key.token()).status())
                    .isEqualTo(200);
        }
        withCommands(commands -> commands.rpush("latchkey:ratelimit:{" + wrongType.id() + "}:exact:burst:PT1H", "x"));
        assertThat(passed(200, "exact", wrongType, one)).isBetween(49, 51);

        withCommands(commands -> commands.configSet("maxmemory", "1"));
        assertThat(passed(200, "exact", full, one)).isBetween(49, 51);
        withCommands(commands -> commands.configSet("maxmemory", "0"));

        withCommands(commands -> commands.replicaof("127.0.0.1", RedisServer.freePort()));
        try {
            assertThat(passed(200, "exact", readOnly, one)).isBetween(49, 51);
        } finally {
            withCommands(commands -> commands.replicaofNoOne());
        }
        await().atMost(SOON)
                .untilAsserted(() ->
                        assertThat(passed(300, "exact", one.key(""), one, two)).isEqualTo(100));
    }

    @Test
    void noStrangersCountStaysForEver() {
        for (int i = 0; i < 300; i++) {
            one.send("GET", "/api/public/x", "", "X-Forwarded-For", "10.1." + i / 100 + "." + i % 100);
        }
        assertThat(withCommands(commands ->
                        commands.keys("latchkey:ratelimit:{ip:10.1.*").size()))
                .isEqualTo(300);
        assertThat(withCommands(commands -> commands.eval(
                        "local n = 0; for _, k in ipairs(redis.call('KEYS', 'latchkey:ratelimit:*')) do"
                                + " if redis.call('TTL', k) == -1 and redis.call('TYPE', k).ok == 'string' then"
                                + " n = n + 1 end end; return n",
                        io.lettuce.core.ScriptOutputType.INTEGER)))
                .isEqualTo(0L);
    }

    private static Object withCommands(
            java.util.function.Function<io.lettuce.core.api.sync.RedisCommands<String, String>, Object> use) {
        var client = io.lettuce.core.RedisClient.create(redis.url());
        try (var connection = client.connect()) {
            return use.apply(connection.sync());
        } finally {
            client.shutdown();
        }
    }
}
