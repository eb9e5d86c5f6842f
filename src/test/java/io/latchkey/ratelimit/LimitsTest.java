package io.latchkey.ratelimit;

import static io.latchkey.ratelimit.LimitFields.parse;
import static io.latchkey.ratelimit.LimitFields.remaining;
import static io.latchkey.ratelimit.LimitFields.reset;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.latchkey.Gateway;
import io.latchkey.Gateway.Answer;
import io.latchkey.Gateway.Made;
import io.latchkey.store.Redis;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What route and key allow, and how a caller is told. */
class LimitsTest {
    private static final Backend BACKEND = new Backend();

    @SuppressWarnings("NullAway.Init")
    private static Gateway gateway;

    @BeforeAll
    static void start() {
        gateway = Gateway.start(BACKEND.routes(
                "plain: ",
                "three: limits: [ { name: burst, quota: 3, window: PT2S } ]",
                "exact: limits: [ { name: burst, quota: 1000, window: PT1M, accuracy: exact } ]",
                "fast: limits: [ { name: burst, quota: 100000, window: PT1M } ]",
                "dear: cost: 5, limits: [ { name: burst, quota: 12, window: PT1M } ]",
                "two: limits: [ { name: burst, quota: 100, window: PT1M }, { name: few, quota: 2, window: PT1M } ]",
                "shadow: limits: [ { name: burst, quota: 9, window: PT1M }, { name: next, quota: 2, window: PT1M, shadow: true } ]",
                "calendar: limits: [ { name: day, quota: 100, window: P1D }, { name: month, quota: 1000, window: P1M } ]",
                "public: access: public",
                "open: access: public, limits: [ { name: burst, quota: 1000, window: PT1M } ]"));
    }

    @AfterAll
    static void stop() {
        gateway.close();
        BACKEND.close();
    }

    private static Answer call(String route, Made key) {
        return Backend.call(gateway, "/api/" + route + "/x", key.token());
    }

    private static double meter(String name, String... labels) {
        String scrape = gateway.actuator("/actuator/prometheus").body();
        return scrape.lines()
                .filter(line ->
                        line.startsWith(name) && List.of(labels).stream().allMatch(line::contains))
                .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
                .sum();
    }

    @Test
    void everyAnswerSaysWhatIsLeftAndThe429WhenToComeBack() {
        Made key = gateway.key("");
        for (int left = 2; left >= 0; left--) {
            Answer answer = call("three", key);
            assertThat(answer.status()).isEqualTo(204);
            assertThat(answer.header("RateLimit-Policy")).isEqualTo("\"burst\";q=3;w=2");
            assertThat(parse(answer.header("RateLimit")).get("burst")).containsOnlyKeys("r", "t");
            assertThat(remaining(answer, "burst")).isEqualTo(left);
            assertThat(reset(answer, "burst")).isBetween(1L, 2L);
        }
        double before = meter("latchkey_limited_total", "route=\"three\"", "policy=\"burst\"");
        Answer refused = call("three", key);
        assertThat(refused.status()).isEqualTo(429);
        assertThat(refused.get("code")).isEqualTo("limit-exceeded");
        assertThat(refused.json().at("/violatedPolicies").toString()).isEqualTo("[\"burst\"]");
        assertThat(refused.header("Retry-After")).matches("[12]").isEqualTo(refused.get("retryAfterSeconds"));
        assertThat(remaining(refused, "burst")).isZero();
        assertThat(refused.header("RateLimit-Policy")).isEqualTo("\"burst\";q=3;w=2");
        assertThat(meter("latchkey_limited_total", "route=\"three\"", "policy=\"burst\""))
                .isEqualTo(before + 1);

        long back = System.nanoTime()
                + Duration.ofSeconds(Long.parseLong(refused.header("Retry-After")))
                        .toNanos();
        await().pollInterval(Duration.ofMillis(5)).until(() -> System.nanoTime() - back >= 0);
        Answer again = call("three", key);
        assertThat(again.status()).isEqualTo(204);
        assertThat(remaining(again, "burst")).isEqualTo(2);
    }

    @Test
    void withoutAPolicyTheDefaultAppliesAlsoToTheGatewaysOwnPaths() {
        Made key = gateway.key("");
        assertThat(call("plain", key).header("RateLimit-Policy")).isEqualTo("\"burst\";q=100000;w=60");
        Answer self = Backend.call(gateway, "/api/v1/keys/self", key.token());
        assertThat(self.status()).isEqualTo(200);
        assertThat(self.header("RateLimit-Policy")).isEqualTo("\"burst\";q=100000;w=60");
        assertThat(remaining(self, "burst")).isLessThan(100_000);
        assertThat(gateway.send("GET", "/api/health", "").headers().map()).doesNotContainKeys("ratelimit");
    }

    @Test
    void mostRequestsOfAFastLimitNeedNoRedisAndTheCountIsRightAllTheSame() {
        Made key = gateway.key("");
        double before = meter("latchkey_limit_store_calls_total");
        for (int i = 1; i <= 500; i++) {
            assertThat(remaining(call("fast", key), "burst")).isEqualTo(100_000 - i);
        }
        assertThat(meter("latchkey_limit_store_calls_total") - before).isLessThan(50);
    }

    @Test
    void exactLimitIsCountedCallByCall() {
        Made key = gateway.key("");
        double before = meter("latchkey_limit_store_calls_total");
        for (int i = 1; i <= 20; i++) {
            assertThat(remaining(call("exact", key), "burst")).isEqualTo(1_000 - i);
        }
        assertThat(meter("latchkey_limit_store_calls_total") - before).isEqualTo(20);
    }

    @Test
    void keysOwnLimitReplacesItsRoutesAndAChangeWorksWithinASecond() {
        Made key = gateway.key("\"limits\":[{\"name\":\"burst\",\"quota\":2,\"window\":\"PT1M\"},"
                + "{\"name\":\"daily\",\"quota\":50,\"window\":\"P1D\"}]");
        assertThat(parse(call("exact", key).header("RateLimit-Policy")).keySet())
                .containsExactly("burst", "daily");
        // A key's own limit counts on all routes together.
        assertThat(call("three", key).status()).isEqualTo(204);
        assertThat(call("exact", key).status()).isEqualTo(429);

        Answer patched = gateway.admin(
                "PATCH",
                "/admin/keys/" + key.id(),
                "{\"limits\":[{\"name\":\"burst\",\"quota\":5,\"window\":\"PT1M\"}]}",
                "If-Match",
                gateway.admin("GET", "/admin/keys/" + key.id(), "").header("ETag"));
        assertThat(patched.status()).as(patched.body()).isEqualTo(200);
        await().atMost(Duration.ofSeconds(1))
                .untilAsserted(() -> assertThat(call("exact", key).status()).isEqualTo(204));
        assertThat(call("exact", key).header("RateLimit-Policy")).isEqualTo("\"burst\";q=5;w=60");
        // What was used stays used.
        call("exact", key);
        assertThat(call("exact", key).status()).isEqualTo(429);
    }

    @Test
    void wrongLimitsOfAKeyAreNamed() {
        for (String window : List.of("P1W", "PT25H", "PT0.5S", "P32D", "P0D", "P2M", "PT1", "60")) {
            Answer answer = gateway.admin(
                    "POST",
                    "/admin/keys",
                    "{\"name\":\"x\",\"limits\":[{\"name\":\"a\",\"quota\":1,\"window\":\"" + window + "\"}]}");
            assertThat(answer.status()).as(window).isEqualTo(400);
            assertThat(answer.get("errors.0.field")).isEqualTo("limits[0].window");
        }
        Answer twice = gateway.admin(
                "POST",
                "/admin/keys",
                "{\"name\":\"x\",\"limits\":[{\"name\":\"a\",\"quota\":1,\"window\":\"P1D\"},"
                        + "{\"name\":\"a\",\"quota\":1,\"window\":\"P1M\"}]}");
        assertThat(twice.get("errors.0.field")).isEqualTo("limits[1].name");
    }

    @Test
    void routesCostIsTakenFromEveryPolicy() {
        Made key = gateway.key("");
        assertThat(remaining(call("dear", key), "burst")).isEqualTo(7);
        assertThat(remaining(call("dear", key), "burst")).isEqualTo(2);
        assertThat(call("dear", key).status()).isEqualTo(429);
    }

    @Test
    void refusedCallTakesNothingFromAnyPolicy() {
        Made key = gateway.key("");
        call("two", key);
        call("two", key);
        for (int i = 0; i < 5; i++) {
            Answer refused = call("two", key);
            assertThat(refused.status()).isEqualTo(429);
            assertThat(refused.json().at("/violatedPolicies").toString()).isEqualTo("[\"few\"]");
            assertThat(remaining(refused, "burst")).isEqualTo(98);
        }
        assertThat(stored(key.id(), "two:burst:PT1M")).isEqualTo("2");
    }

    @Test
    void refusedKeyTakesNothing() {
        Made key = gateway.key("");
        assertThat(remaining(call("exact", key), "burst")).isEqualTo(999);
        gateway.admin("POST", "/admin/keys/" + key.id() + "/disable", "");
        for (int i = 0; i < 3; i++) {
            Answer refused = call("exact", key);
            assertThat(refused.status()).isEqualTo(401);
            assertThat(refused.headers().map()).doesNotContainKeys("ratelimit", "ratelimit-policy");
        }
        gateway.admin("POST", "/admin/keys/" + key.id() + "/enable", "");
        assertThat(remaining(call("exact", key), "burst")).isEqualTo(998);
    }

    @Test
    void shadowPolicyIsReportedAndRefusesNobody() {
        Made key = gateway.key("");
        double before = meter("latchkey_limit_shadow_total", "route=\"shadow\"", "policy=\"next\"");
        for (int i = 0; i < 5; i++) {
            Answer answer = call("shadow", key);
            assertThat(answer.status()).isEqualTo(204);
            assertThat(parse(answer.header("RateLimit-Policy")).keySet()).containsExactly("burst");
        }
        assertThat(meter("latchkey_limit_shadow_total", "route=\"shadow\"", "policy=\"next\""))
                .isEqualTo(before + 3);
    }

    @Test
    void daysAndMonthsAreTheCalendarsInUtc() {
        Made key = gateway.key("");
        Instant now = gateway.bean(java.time.InstantSource.class).instant();
        Answer answer = call("calendar", key);
        LocalDate today = LocalDate.ofInstant(now, ZoneOffset.UTC);
        Map<String, Instant> ends = Map.of(
                "day", today.plusDays(1).atStartOfDay(ZoneOffset.UTC).toInstant(),
                "month",
                        today.withDayOfMonth(1)
                                .plusMonths(1)
                                .atStartOfDay(ZoneOffset.UTC)
                                .toInstant());
        ends.forEach((name, end) -> {
            long left = Duration.between(now, end).toSeconds();
            // Unless midnight fell between the two.
            assertThat(reset(answer, name)).isBetween(left - 10, left + 2);
        });
        assertThat(answer.header("RateLimit-Policy")).isEqualTo("\"day\";q=100;w=86400, \"month\";q=1000");
    }

    @Test
    void publicRouteIsLimitedByAddress() {
        for (int i = 1; i <= 10; i++) {
            Answer answer = gateway.send("GET", "/api/public/x", "");
            assertThat(answer.status()).isEqualTo(204);
            assertThat(answer.header("RateLimit-Policy")).isEqualTo("\"address\";q=10;w=10");
            assertThat(remaining(answer, "address")).isEqualTo(10 - i);
        }
        // Nobody chooses his address.
        assertThat(gateway.send("GET", "/api/public/x", "", "X-Forwarded-For", "10.1.2.3")
                        .status())
                .isEqualTo(429);
        assertThat(gateway.send("GET", "/api/open/x", "").header("RateLimit-Policy"))
                .isEqualTo("\"burst\";q=1000;w=60");
    }

    @Test
    void whatTheUpstreamSaysOfItsOwnLimitsIsNeverTakenForTheGateways() {
        Answer answer = call("plain", gateway.key(""));
        assertThat(answer.headers().allValues("RateLimit")).hasSize(1).noneMatch(value -> value.contains("upstream"));
        assertThat(answer.headers().allValues("X-RateLimit-Limit")).containsExactly("7");
        assertThat(answer.headers().allValues("X-RateLimit-Used")).containsExactly("3");
    }

    @Test
    void browsersMayReadTheHeaders() {
        Answer answer = gateway.send(
                "GET", "/api/plain/x", "", "X-API-Key", gateway.key("").token(), "Origin", "https://app.example.com");
        assertThat(answer.headers().allValues("Access-Control-Expose-Headers"))
                .anyMatch(value -> value.contains("RateLimit-Policy"));
    }

    @Test
    void everyCounterEndsByItself() {
        Made key = gateway.key("");
        List.of("plain", "three", "exact", "fast", "two", "shadow", "calendar").forEach(route -> call(route, key));
        Redis redis = gateway.bean(Redis.class);
        List<String> counters = redis.onAdmin(commands -> commands.keys("latchkey:ratelimit:*"));
        assertThat(counters)
                .hasSizeGreaterThanOrEqualTo(9)
                .allSatisfy(counter -> assertThat(redis.<Long>onAdmin(commands -> commands.pttl(counter)))
                        .isNotEqualTo(-1L));
        assertThat(counters)
                .filteredOn(counter -> counter.contains(key.id()))
                .allMatch(counter -> counter.startsWith("latchkey:ratelimit:{" + key.id() + "}:"));
    }

    private static String stored(String keyId, String counter) {
        return gateway.bean(Redis.class)
                .onAdmin(commands -> commands.get("latchkey:ratelimit:{" + keyId + "}:" + counter));
    }
}
