package io.latchkey.usage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.latchkey.Gateway;
import io.latchkey.Gateway.Answer;
import io.latchkey.Gateway.Made;
import io.latchkey.proxy.StubUpstream;
import io.latchkey.store.RedisServer;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A key may spend so many tokens, or so much money, in a day or a month: on all nodes together, whatever happens. */
class BudgetTest {
    private static final String DAILY = "\"budgets\":[{\"unit\":\"tokens\",\"amount\":100,\"window\":\"P1D\"}]";

    private static RedisServer redis;
    private static StubUpstream upstream;
    private static Path routes;
    private static Gateway one;
    private static Gateway two;

    @BeforeAll
    static void start(@TempDir Path directory) throws IOException {
        redis = RedisServer.started(directory.resolve("redis"));
        upstream = StubUpstream.start();
        // Each answer takes 40 tokens, which cost 4.
        String body = "{\"usage\":{\"total_tokens\":40}}";
        upstream.script((request, wire) -> wire.write("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                + "Content-Length: " + body.length() + "\r\n\r\n" + body));
        routes = Files.writeString(directory.resolve("routes.yml"), """
                routes:
                  - { id: plain, path: /api/plain/**, upstreams: ["%1$s"] }
                  - id: ai
                    path: /api/ai/**
                    upstreams: ["%1$s"]
                    usage: { tokens: /usage/total_tokens, pricePerThousand: 100 }
                  - id: other
                    path: /api/other/**
                    upstreams: ["%1$s"]
                    usage: { tokens: /usage/total_tokens }
                """.formatted(upstream.uri()));
        one = node();
        two = node();
    }

    private static Gateway node() {
        return Gateway.frozen(Gateway.on(
                redis.url(), Map.of("latchkey.routes-file", routes.toString(), "latchkey.keys.grace", "1h")));
    }

    @AfterAll
    static void stop() throws IOException {
        one.close();
        two.close();
        upstream.close();
        redis.close();
    }

    private static Answer call(Gateway gateway, Made key) {
        return gateway.send("GET", "/api/ai/x", "", "X-API-Key", key.token());
    }

    /** Calls, and waits until the call is counted, which is after the last byte of its answer. */
    private static void spend(Gateway gateway, Made key, String expected) {
        assertThat(call(gateway, key).status()).isEqualTo(200);
        await().untilAsserted(() -> assertThat(spent(gateway, key)).isEqualByComparingTo(expected));
    }

    private static BigDecimal spent(Gateway gateway, Made key) {
        return new BigDecimal(
                gateway.admin("GET", "/admin/usage?key=" + key.id(), "").get("budgets.0.spent"));
    }

    private static double reached(int percent) {
        return reached(one, percent) + reached(two, percent);
    }

    private static double reached(Gateway gateway, int percent) {
        String line = "latchkey_budget_reached_total{budget=\"cost-per-day\",percent=\"" + percent + "\"} ";
        return gateway.actuator("/actuator/prometheus")
                .body()
                .lines()
                .filter(each -> each.startsWith(line))
                .mapToDouble(each -> Double.parseDouble(each.substring(line.length())))
                .sum();
    }

    @Test
    void keyThatHasSpentItsBudgetIsRefusedOnEveryNodeUntilTheDayIsOver() {
        Made key = one.key(DAILY);
        spend(one, key, "40");
        spend(one, key, "80");
        Answer last = call(one, key);
        assertThat(last.status()).isEqualTo(200);
        assertThat(last.headers().allValues("RateLimit-Policy"))
                .anyMatch(policy -> policy.contains("\"tokens-per-day\";q=100;qu=\"tokens\";w=86400"));
        assertThat(last.headers().allValues("RateLimit")).anyMatch(left -> left.contains("\"tokens-per-day\";r=20;t="));
        await().until(() -> call(one, key).status() == 429);
        Answer refused = call(one, key);
        assertThat(refused.get("code")).isEqualTo("limit-exceeded");
        assertThat(refused.get("violatedPolicies.0")).isEqualTo("tokens-per-day");
        Instant now = one.time().instant();
        Instant midnight = now.atOffset(ZoneOffset.UTC)
                .truncatedTo(ChronoUnit.DAYS)
                .plusDays(1)
                .toInstant();
        assertThat(refused.get("retryAfterSeconds"))
                .isEqualTo(Long.toString(Duration.between(now, midnight).toSeconds()));
        // The other node hears of it, though nobody has called there.
        await().until(() -> call(two, key).status() == 429);
        // What counts no tokens is not bound.
        assertThat(one.send("GET", "/api/plain/x", "", "X-API-Key", key.token()).status())
                .isEqualTo(200);
        try (Gateway tomorrow = node()) {
            assertThat(call(tomorrow, key).status()).as("after a start").isEqualTo(429);
            tomorrow.time().advance(Duration.ofDays(1));
            assertThat(call(tomorrow, key).status()).isEqualTo(200);
        }
        // More to spend works at once.
        patch(key, DAILY.replace("100", "1000"));
        await().until(() -> call(two, key).status() == 200);
    }

    @Test
    void operatorsAreWarnedOnceOverAllNodes() {
        // Of a kind that no other test has.
        Made key = one.key("\"budgets\":[{\"unit\":\"cost\",\"amount\":10,\"window\":\"P1D\"}]");
        spend(one, key, "4");
        spend(two, key, "8");
        await().until(() -> reached(80) == 1);
        assertThat(reached(50)).isEqualTo(1);
        spend(one, key, "12");
        await().until(() -> reached(100) == 1);
        // Both nodes have had reason to say so again.
        await().pollDelay(Duration.ofMillis(2500)).until(() -> call(two, key).status() == 429);
        assertThat(reached(100)).isEqualTo(1);
        assertThat(reached(80)).isEqualTo(1);
        assertThat(reached(50)).isEqualTo(1);
    }

    @Test
    void moneyOfAMonthIsAddedUpOverItsDays() {
        Made key = one.key("\"budgets\":[{\"unit\":\"cost\",\"amount\":7.5,\"window\":\"P1M\"}]");
        try (Gateway node = node()) {
            Instant first = node.time()
                    .instant()
                    .atOffset(ZoneOffset.UTC)
                    .truncatedTo(ChronoUnit.DAYS)
                    .plusMonths(1)
                    .withDayOfMonth(1)
                    .toInstant();
            node.time().advance(Duration.between(node.time().instant(), first));
            spend(node, key, "4");
            node.time().advance(Duration.ofDays(20));
            spend(node, key, "8");
            Answer refused = call(node, key);
            assertThat(refused.get("violatedPolicies.0")).isEqualTo("cost-per-month");
            node.time().advance(Duration.ofDays(12));
            spend(node, key, "4");
        }
    }

    @Test
    void withoutRedisEachNodeGoesOnByWhatItKnows() throws Exception {
        Made key = one.key(DAILY);
        Made other = one.key(DAILY);
        Made unknown = one.key(DAILY);
        spend(one, unknown, "40");
        two.send("GET", "/api/plain/x", "", "X-API-Key", unknown.token());
        spend(one, key, "40");
        spend(one, other, "40");
        spend(two, other, "80");
        redis.kill9();
        await().until(() -> !one.send("GET", "/health", "").get("status").equals("healthy"));
        assertThat(call(one, key).status()).isEqualTo(200);
        await().until(() -> call(one, key).status() == 429);
        // Of this one that node had not asked yet.
        await().until(() -> !two.send("GET", "/health", "").get("status").equals("healthy"));
        assertThat(call(two, unknown).status()).isEqualTo(200);
        redis.start();
        await().until(() -> one.send("GET", "/health", "").get("status").equals("healthy")
                && two.send("GET", "/health", "").get("status").equals("healthy"));
        // What was spent meanwhile is told when it can be.
        await().untilAsserted(() -> assertThat(spent(two, key)).isGreaterThanOrEqualTo(new BigDecimal(120)));
        assertThat(call(two, key).status()).isEqualTo(429);
        assertThat(spent(two, other)).isEqualByComparingTo("80");
    }

    @Test
    void whatIsWrittenTogetherIsCountedOnce() {
        Made key = one.key(DAILY);
        call(one, key);
        one.send("GET", "/api/other/x", "", "X-API-Key", key.token());
        await().untilAsserted(() -> assertThat(spent(one, key)).isEqualByComparingTo("80"));
        assertThat(one.send("GET", "/api/other/x", "", "X-API-Key", key.token()).status())
                .isEqualTo(200);
    }

    @Test
    void budgetThatIsTakenAwayBindsNoMore() {
        Made key = one.key(DAILY);
        spend(one, key, "40");
        patch(key, DAILY.replace("100", "30"));
        await().until(() -> call(one, key).status() == 429);
        patch(key, "\"budgets\":[]");
        await().until(() -> call(one, key).status() == 200);
        assertThat(one.admin("GET", "/admin/usage?key=" + key.id(), "").body()).doesNotContain("budgets");
    }

    private static void patch(Made key, String fields) {
        String path = "/admin/keys/" + key.id();
        String version = one.admin("GET", path, "").header("ETag");
        assertThat(one.admin("PATCH", path, '{' + fields + '}', "If-Match", version)
                        .status())
                .isEqualTo(200);
    }

    @Test
    void callersSeeTheirOwn() {
        Made key = one.key(DAILY);
        spend(one, key, "40");
        Answer own = two.send("GET", "/api/v1/usage", "", "X-API-Key", key.token());
        assertThat(own.get("budgets.0.unit")).isEqualTo("tokens");
        assertThat(own.get("budgets.0.spent")).isEqualTo("40");
        assertThat(own.get("budgets.0.resetsAt")).endsWith("T00:00:00Z");
        assertThat(two.send("GET", "/api/v1/keys/self", "", "X-API-Key", key.token())
                        .get("budgets.0.amount"))
                .isEqualTo("100");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"unit\":\"euros\",\"amount\":1,\"window\":\"P1D\"}",
                "{\"unit\":\"tokens\",\"amount\":0,\"window\":\"P1D\"}",
                "{\"unit\":\"tokens\",\"amount\":1,\"window\":\"P2D\"}",
                "{\"unit\":\"tokens\",\"amount\":1e15,\"window\":\"P1D\"}",
                "{\"unit\":\"tokens\",\"amount\":1}",
                "{\"unit\":\"tokens\",\"amount\":1,\"window\":\"P1D\"},{\"unit\":\"tokens\",\"amount\":2,\"window\":\"P1D\"}"
            })
    void wrongBudgetIsRefused(String budgets) {
        Answer refused = one.admin("POST", "/admin/keys", "{\"name\":\"test\",\"budgets\":[" + budgets + "]}");
        assertThat(refused.status()).isEqualTo(400);
        assertThat(refused.get("errors.0.field")).startsWith("budgets[");
    }
}
