package io.latchkey.cache;

import static io.latchkey.cache.CacheHouse.ok;
import static org.assertj.core.api.Assertions.assertThat;

import io.latchkey.Gateway;
import io.latchkey.Gateway.Answer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What ends the life of a stored answer before its time; and answers to POST. */
class ChangesTest extends FrozenHouse {

    @BeforeEach
    void counted() {
        counting("");
    }

    private static void counting(String head) {
        house.upstream.script((request, wire) -> {
            wire.readBody();
            wire.write(ok("Cache-Control: max-age=600" + head, "n" + house.calls()));
        });
    }

    @ParameterizedTest
    @ValueSource(strings = {"POST", "PUT", "PATCH", "DELETE"})
    void aChangeEndsWhatIsStoredOfTheResourceForAllCallers(String method) {
        String target = "/api/own" + path + "?a=1";
        String other = house.gateway.key("").token();
        house.get(target);
        house.as(other, "GET", target, "");
        house.get(target + "&b=2");
        Answer change = house.send(method, target, "");
        assertThat(change.header("Cache-Status")).isEqualTo("latchkey; fwd=method");
        assertThat(house.get(target).body()).isEqualTo("n5");
        assertThat(house.as(other, "GET", target, "").body()).isEqualTo("n6");
        assertThat(house.get(target + "&b=2").header("Cache-Status")).contains("hit");
    }

    @Test
    void aChangeThatFailedChangesNothing() {
        String target = "/api/own" + path;
        house.get(target);
        house.upstream.answer(CacheHouse.answer("422 No", "", ""));
        house.send("PUT", target, "x");
        assertThat(house.get(target).header("Cache-Status")).contains("hit");
    }

    @Test
    void aChangeOfUnknownOutcomeCountsAsOne() {
        String target = "/api/own" + path;
        house.get(target);
        house.upstream.script((request, wire) -> wire.cut());
        assertThat(house.send("DELETE", target, "").status()).isEqualTo(502);
        counting("");
        assertThat(house.get(target).header("Cache-Status")).doesNotContain("hit");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "Location | {path} | true",
                "Content-Location | {path} | true",
                "Location | /api/own{path} | true",
                "Location | http://{upstream}{path} | true",
                "Location | http://{gateway}/api/own{path} | true",
                "Location | http://elsewhere.example{path} | false",
                "Location | ::: | false"
            })
    void aChangeEndsWhatItsAnswerPointsTo(String header, String reference, boolean ended) {
        house.get("/api/own" + path);
        String value = reference
                .replace("{path}", path)
                .replace("{upstream}", house.upstream.uri().getAuthority())
                .replace("{gateway}", "127.0.0.1:" + house.gateway.port());
        house.upstream.answer(CacheHouse.answer("201 Made", header + ": " + value, ""));
        assertThat(house.send("POST", "/api/own/collection", "x").status()).isEqualTo(201);
        counting("");
        assertThat(house.get("/api/own" + path).header("Cache-Status").contains("hit"))
                .isEqualTo(!ended);
    }

    @Test
    void whatWasAskedForBeforeAChangeIsNotKeptAfterIt() {
        String target = "/api/own" + path;
        house.upstream.script((request, wire) -> {
            if (request.requestLine().startsWith("GET")) {
                // While this answer is on its way, somebody changes the resource.
                house.send("PUT", target, "x");
            } else {
                wire.readBody();
            }
            wire.write(ok("Cache-Control: max-age=600", "old"));
        });
        assertThat(house.get(target).body()).isEqualTo("old");
        counting("");
        assertThat(house.get(target).body()).isNotEqualTo("old");
    }

    @ParameterizedTest
    @ValueSource(strings = {"tag:scan", "tag:own-tag", "route:own", "key:"})
    void aPurgeEndsWhatItNames(String scope) {
        counting("\nCache-Tag: own-tag, other");
        String target = "/api/own" + path;
        assertThat(house.get(target).headers().firstValue("Cache-Tag")).isEmpty();
        Gateway.Made made = house.gateway.key("");
        house.as(made.token(), "GET", target, "");
        String timed = "/api/timed" + path;
        counting("");
        house.get(timed);
        String[] parts = (scope.equals("key:") ? scope + house.keyId : scope).split(":", 2);
        Answer purged =
                house.gateway.admin("POST", "/admin/cache/purge", "{\"" + parts[0] + "\":\"" + parts[1] + "\"}");
        assertThat(purged.status()).as(purged.body()).isEqualTo(200);
        assertThat(purged.get("purged." + parts[0])).isEqualTo(parts[1]);
        assertThat(house.get(target).header("Cache-Status")).doesNotContain("hit");
        boolean onlyOne = scope.equals("key:");
        assertThat(house.as(made.token(), "GET", target, "")
                        .header("Cache-Status")
                        .contains("hit"))
                .isEqualTo(onlyOne);
        assertThat(house.get(timed).header("Cache-Status").contains("hit")).isEqualTo(!onlyOne);
        // And what is asked for afterwards is kept again.
        assertThat(house.get(target).header("Cache-Status")).contains("hit");
        Answer audit = house.gateway.admin("GET", "/admin/audit?limit=1", "");
        assertThat(audit.get("items.0.action")).isEqualTo("cache.purge");
        assertThat(audit.get("items.0.target")).isEqualTo(parts[0] + ":" + parts[1]);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{}",
                "{\"tag\":\"a\",\"route\":\"b\"}",
                "{\"tag\":\"\"}",
                "{\"tag\":\"a b\"}",
                "{\"url\":\"/x\"}",
                "{\"tag\":1}",
                "[]"
            })
    void aPurgeOfNothingOrTooMuchIsRefused(String body) {
        Answer refused = house.gateway.admin("POST", "/admin/cache/purge", body);
        assertThat(refused.status()).as(refused.body()).isEqualTo(400);
        assertThat(refused.get("code")).isEqualTo("bad-request");
    }

    @Test
    void aPostIsAnsweredFromTheStoreWhenTheRouteSaysSoAndTheBodyIsTheSame() {
        house.upstream.script((request, wire) -> {
            wire.readBody();
            wire.write(ok("", house.calls() + new String(request.body(), StandardCharsets.UTF_8)));
        });
        String target = "/api/timed" + path;
        assertThat(house.send("POST", target, "scan a").body()).isEqualTo("1scan a");
        assertThat(house.send("POST", target, "scan b").body()).isEqualTo("2scan b");
        Answer hit = house.send("POST", target, "scan a");
        assertThat(hit.body()).isEqualTo("1scan a");
        assertThat(hit.header("Cache-Status")).contains("hit");
        assertThat(house.send("POST", target, "scan a", "Content-Type", "text/plain")
                        .body())
                .isEqualTo("3scan a");
        assertThat(house.as(house.gateway.key("").token(), "POST", target, "scan a")
                        .body())
                .isEqualTo("4scan a");
        assertThat(house.get(target).body()).isEqualTo("5");
        String large = "y".repeat(70_000);
        assertThat(house.send("POST", target, large).header("Cache-Status")).isEqualTo("latchkey; fwd=bypass");
        assertThat(house.upstream.last().body()).hasSize(70_000);
        assertThat(house.send("POST", target, "").body()).isEqualTo("7");
        assertThat(house.send("POST", target, "").header("Cache-Status")).contains("hit");
    }

    @Test
    void aPostWhoseAnswerIsAskedForAnewAndIsAnotherReachesTheUpstreamWithItsBodyAgain() {
        String target = "/api/timed" + path;
        house.upstream.answer(ok("Cache-Control: max-age=10\nETag: \"v1\"", "one"));
        house.send("POST", target, "scan a");
        pass(Duration.ofSeconds(11));
        house.upstream.script((request, wire) -> {
            wire.readBody();
            wire.write(
                    request.values("If-None-Match").isEmpty()
                            ? ok("ETag: \"v2\"", "two of " + new String(request.body(), StandardCharsets.UTF_8))
                            : "HTTP/1.1 304 Same\r\nETag: \"v2\"\r\n\r\n");
        });
        Answer answer = house.send("POST", target, "scan a");
        assertThat(answer.body()).isEqualTo("two of scan a");
        assertThat(house.upstream.received())
                .extracting(request -> new String(request.body(), StandardCharsets.UTF_8))
                .containsExactly("scan a", "scan a", "scan a");
        assertThat(house.send("POST", target, "scan a").header("Cache-Status")).contains("hit");
    }

    @Test
    void healthAndMetersTellTheHitRate() {
        house.get("/api/own" + path);
        house.get("/api/own" + path);
        Answer health = house.gateway.admin("GET", "/health/detailed", "");
        assertThat(health.json().at("/checks/cache/hitRate").asDouble()).isBetween(0.01, 0.99);
        assertThat(health.get("checks.cache.status")).isEqualTo("healthy");
        String scrape = house.gateway.actuator("/actuator/prometheus").body();
        assertThat(scrape).containsPattern("latchkey_cache_requests_total\\{outcome=\"hit\",route=\"own\"} [1-9]");
        assertThat(scrape).containsPattern("latchkey_cache_entries [1-9]");
    }
}
