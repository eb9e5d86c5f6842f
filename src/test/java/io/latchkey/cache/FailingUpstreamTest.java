package io.latchkey.cache;

import static io.latchkey.cache.CacheHouse.ok;
import static org.assertj.core.api.Assertions.assertThat;

import io.latchkey.Gateway.Answer;
import io.latchkey.proxy.StubUpstream;
import java.time.Duration;
import org.eclipse.jetty.http.HttpDateTime;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What callers get while the upstream fails. */
class FailingUpstreamTest extends FrozenHouse {

    private static StubUpstream.Script hanging() {
        return (request, wire) -> wire.cut();
    }

    @ParameterizedTest
    @ValueSource(ints = {500, 502, 503, 504, 0})
    void anOlderAnswerStandsInWithItsTrueAge(int status) {
        String date = HttpDateTime.format(house.gateway.time().instant());
        house.upstream.answer(ok("Date: " + date, "good"));
        house.get("/api/sturdy" + path);
        pass(Duration.ofSeconds(11));
        house.upstream.script(
                status == 0 ? hanging() : (request, wire) -> wire.write(CacheHouse.answer(status + " Oh", "", "bad")));
        Answer stale = house.get("/api/sturdy" + path);
        assertThat(stale.status()).isEqualTo(200);
        assertThat(stale.body()).isEqualTo("good");
        assertThat(stale.header("Age")).isEqualTo("11");
        assertThat(stale.header("Date")).isEqualTo(date);
        assertThat(stale.header("Cache-Status"))
                .isEqualTo("latchkey; fwd=stale;" + (status == 0 ? "" : " fwd-status=" + status + ";")
                        + " detail=stale-if-error");
        assertThat(house.calls()).isEqualTo(2);
        pass(Duration.ofSeconds(590));
        assertThat(house.get("/api/sturdy" + path).body()).isEqualTo("good");
        pass(Duration.ofSeconds(20));
        assertThat(house.get("/api/sturdy" + path).status()).isEqualTo(status == 0 ? 502 : status);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "max-age=10, must-revalidate",
                "max-age=10, proxy-revalidate",
                "max-age=10, must-revalidate, stale-if-error=600",
                "no-cache",
                "no-cache, stale-if-error=600",
                "s-maxage=10",
                "max-age=10, stale-if-error=0"
            })
    void nothingStaleStandsInWhereTheAnswerForbidsIt(String control) {
        house.upstream.answer(ok("ETag: \"1\"\nCache-Control: " + control, "good"));
        house.get("/api/sturdy" + path);
        pass(Duration.ofSeconds(11));
        house.upstream.script(hanging());
        Answer refused = house.get("/api/sturdy" + path);
        assertThat(refused.status()).isEqualTo(502);
        assertThat(refused.get("code")).isEqualTo("upstream-bad-answer");
        assertThat(refused.header("Cache-Status")).isEqualTo("latchkey; fwd=stale");
        house.upstream.answer(CacheHouse.answer("503 Oh", "", "bad"));
        assertThat(house.get("/api/sturdy" + path).body()).isEqualTo("bad");
    }

    @ParameterizedTest
    @ValueSource(strings = {"max-age=10, stale-if-error=60", "s-maxage=10, stale-if-error=60"})
    void theAnswersOwnWordCountsWithoutTheRoutes(String control) {
        house.upstream.answer(ok("Cache-Control: " + control, "good"));
        house.get("/api/own" + path);
        pass(Duration.ofSeconds(69));
        house.upstream.script(hanging());
        assertThat(house.get("/api/own" + path).body()).isEqualTo("good");
        pass(Duration.ofSeconds(2));
        assertThat(house.get("/api/own" + path).status()).isEqualTo(502);
    }

    @Test
    void anErrorThatIsNoOutagePasses() {
        house.upstream.answer(ok("", "good"));
        house.get("/api/sturdy" + path);
        pass(Duration.ofSeconds(11));
        house.upstream.answer(CacheHouse.answer("404 None", "", "gone"));
        assertThat(house.get("/api/sturdy" + path).body()).isEqualTo("gone");
    }

    @Test
    void anAnswerThatBreaksOffIsNotKept() {
        house.upstream.script((request, wire) -> {
            wire.write("HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nContent-Length: 10\r\n\r\n12345");
            wire.cut();
        });
        org.assertj.core.api.Assertions.assertThatThrownBy(() -> house.get("/api/own" + path));
        house.upstream.script((request, wire) -> {
            wire.write(
                    "HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n12345\r\n");
            wire.cut();
        });
        org.assertj.core.api.Assertions.assertThatThrownBy(() -> house.get("/api/own" + path));
        house.upstream.answer(ok("Cache-Control: max-age=60", "whole"));
        assertThat(house.get("/api/own" + path).body()).isEqualTo("whole");
    }

    @Test
    void anAnswerLargerThanTheRouteKeepsPassesWhole() {
        String large = "x".repeat(70_000);
        house.upstream.answer(ok("", large));
        assertThat(house.get("/api/timed" + path).body()).isEqualTo(large);
        house.get("/api/timed" + path);
        assertThat(house.calls()).isEqualTo(2);
        house.upstream.answer("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + Integer.toHexString(70_000)
                + "\r\n" + large + "\r\n0\r\n\r\n");
        assertThat(house.get("/api/timed" + path).body()).isEqualTo(large);
        house.get("/api/timed" + path);
        assertThat(house.calls()).isEqualTo(4);
    }

    @ParameterizedTest
    @ValueSource(ints = {502, 503, 504, 0})
    void theFallbackAnswersWhenTheUpstreamCannot(int status) {
        house.upstream.script(
                status == 0
                        ? hanging()
                        : (request, wire) -> wire.write(CacheHouse.answer(status + " Oh", "X-A: b", "bad")));
        Answer answer = house.get("/api/backed" + path);
        assertThat(answer.status()).isEqualTo(203);
        assertThat(answer.body()).isEqualTo("spare");
        assertThat(answer.header("Content-Type")).startsWith("text/plain");
        assertThat(answer.header("Cache-Control")).isEqualTo("no-store");
        assertThat(answer.header("X-A")).isEmpty();
        assertThat(answer.header("Cache-Status")).isEqualTo("latchkey; fwd=miss; detail=fallback");
        assertThat(house.send("HEAD", "/api/backed" + path, "").header("Content-Length"))
                .isEqualTo("5");
    }

    @Test
    void theFallbackIsForOutagesOnly() {
        house.upstream.answer(CacheHouse.answer("500 Oh", "", "bad"));
        assertThat(house.get("/api/backed" + path).body()).isEqualTo("bad");
        house.upstream.answer(ok("", "good"));
        Answer good = house.get("/api/backed" + path);
        assertThat(good.body()).isEqualTo("good");
        assertThat(good.headers().firstValue("Cache-Status")).isEmpty();
        house.upstream.script(hanging());
        assertThat(house.get("/api/plain" + path).status()).isEqualTo(502);
    }
}
