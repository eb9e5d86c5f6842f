package io.latchkey.cache;

import static io.latchkey.cache.CacheHouse.ok;
import static org.assertj.core.api.Assertions.assertThat;

import io.latchkey.Gateway.Answer;
import java.time.Duration;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Validators, towards the upstream and towards the caller; and answers that depend on the request's fields. */
class ValidationTest extends FrozenHouse {
    private static final String MODIFIED = "Sun, 06 Nov 1994 08:49:37 GMT";

    @BeforeEach
    void own() {
        path = "/api/own" + path;
    }

    @Test
    void aStaleAnswerIsAskedForAnewAndIts304RefreshesTheStoredHead() {
        house.upstream.answer(ok("""
                Cache-Control: max-age=10
                ETag: "v1"
                Last-Modified: %s
                X-A: old
                X-B: stays
                Content-Type: text/plain""".formatted(MODIFIED), "body"));
        house.get(path);
        pass(Duration.ofSeconds(11));
        house.upstream.answer("""
                HTTP/1.1 304 Same
                Cache-Control: max-age=100
                ETag: "v1"
                X-A: new
                Content-Type: text/other

                """.replace("\n", "\r\n"));
        Answer answer = house.get(path);
        assertThat(house.upstream.last().values("If-None-Match")).containsExactly("\"v1\"");
        assertThat(house.upstream.last().values("If-Modified-Since")).containsExactly(MODIFIED);
        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.body()).isEqualTo("body");
        assertThat(answer.header("Cache-Status")).isEqualTo("latchkey; fwd=stale; fwd-status=304");
        pass(Duration.ofSeconds(50));
        Answer hit = house.get(path);
        assertThat(hit.header("X-A")).isEqualTo("new");
        assertThat(hit.header("X-B")).isEqualTo("stays");
        assertThat(hit.header("Content-Type")).isEqualTo("text/plain");
        assertThat(hit.header("Cache-Control")).isEqualTo("max-age=100");
        assertThat(hit.header("Age")).isEqualTo("50");
        assertThat(house.calls()).isEqualTo(2);
    }

    @Test
    void aChangedAnswerTakesThePlaceOfTheStaleOne() {
        house.upstream.answer(ok("Cache-Control: max-age=10\nETag: \"v1\"", "one"));
        house.get(path);
        pass(Duration.ofSeconds(11));
        house.upstream.answer(ok("Cache-Control: max-age=10\nETag: \"v2\"", "two"));
        assertThat(house.get(path).header("Cache-Status")).isEqualTo("latchkey; fwd=stale; stored");
        assertThat(house.get(path).body()).isEqualTo("two");
        assertThat(house.calls()).isEqualTo(2);
    }

    @Test
    void aValidatorAlonePaysWhenTheAnswerIsToBeAskedForEachTime() {
        house.upstream.answer(ok("Cache-Control: no-cache\nETag: \"v1\"", "one"));
        house.get(path);
        house.upstream.answer("HTTP/1.1 304 Same\r\n\r\n");
        for (int i = 0; i < 3; i++) {
            Answer answer = house.get(path);
            assertThat(answer.status()).isEqualTo(200);
            assertThat(answer.body()).isEqualTo("one");
        }
        assertThat(house.calls()).isEqualTo(4);
    }

    @Test
    void a304ThatForbidsKeepingIsObeyed() {
        house.upstream.answer(ok("Cache-Control: max-age=10\nETag: \"v1\"", "one"));
        house.get(path);
        pass(Duration.ofSeconds(11));
        house.upstream.answer("HTTP/1.1 304 Same\r\nCache-Control: private, max-age=100\r\n\r\n");
        assertThat(house.get(path).body()).isEqualTo("one");
        house.upstream.answer(ok("", "two"));
        assertThat(house.get(path).body()).isEqualTo("two");
    }

    @Test
    void a304ForAnotherAnswerIsNotTakenForThisOne() {
        house.upstream.answer(ok("Cache-Control: max-age=10\nETag: \"v1\"", "one"));
        house.get(path);
        pass(Duration.ofSeconds(11));
        house.upstream.script((request, wire) -> wire.write(
                request.values("If-None-Match").isEmpty()
                        ? ok("Cache-Control: max-age=10\nETag: \"v2\"", "two")
                        : "HTTP/1.1 304 Same\r\nETag: \"v2\"\r\n\r\n"));
        assertThat(house.get(path).body()).isEqualTo("two");
    }

    @ParameterizedTest
    @ValueSource(strings = {"\"v1\"", "W/\"v1\"", "\"v0\", \"v1\"", "*", "\"a,b\",W/\"v1\""})
    void aCallerWhoHasTheAnswerGets304FromTheStore(String tags) {
        house.upstream.answer(ok("Cache-Control: max-age=60\nETag: W/\"v1\"\nContent-Type: text/plain", "one"));
        house.get(path);
        Answer answer = house.get(path, "If-None-Match", tags);
        assertThat(answer.status()).isEqualTo(304);
        assertThat(answer.body()).isEmpty();
        assertThat(answer.header("ETag")).isEqualTo("W/\"v1\"");
        assertThat(answer.header("Cache-Control")).isEqualTo("max-age=60");
        assertThat(answer.header("Content-Type")).isEmpty();
        assertThat(answer.header("Age")).isEqualTo("0");
        assertThat(answer.header("Cache-Status")).contains("hit");
        assertThat(house.calls()).isEqualTo(1);
    }

    @Test
    void aCallerWhoHasAnotherAnswerGetsThisOne() {
        house.upstream.answer(ok("Cache-Control: max-age=60\nETag: \"v1\"\nLast-Modified: " + MODIFIED, "one"));
        house.get(path);
        assertThat(house.get(path, "If-None-Match", "\"v0\"").status()).isEqualTo(200);
        // The date counts only without a tag.
        assertThat(house.get(path, "If-None-Match", "\"v0\"", "If-Modified-Since", MODIFIED)
                        .status())
                .isEqualTo(200);
        assertThat(house.get(path, "If-Modified-Since", MODIFIED).status()).isEqualTo(304);
        assertThat(house.get(path, "If-Modified-Since", "Sun, 06 Nov 1994 08:49:36 GMT")
                        .status())
                .isEqualTo(200);
        assertThat(house.get(path, "If-Modified-Since", "nonsense").status()).isEqualTo(200);
        assertThat(house.calls()).isEqualTo(1);
    }

    @Test
    void aCallersConditionDoesNotSpoilTheFill() {
        house.upstream.answer(ok("Cache-Control: max-age=60\nETag: \"v1\"", "one"));
        Answer first = house.get(path, "If-None-Match", "\"v1\"", "If-Modified-Since", MODIFIED);
        assertThat(house.upstream.last().names()).doesNotContain("if-none-match", "if-modified-since");
        assertThat(first.status()).isEqualTo(304);
        assertThat(first.body()).isEmpty();
        assertThat(house.get(path).body()).isEqualTo("one");
        assertThat(house.calls()).isEqualTo(1);
    }

    @Test
    void conditionsThatAreNoneOfACachesBusinessPass() {
        house.upstream.answer(ok("Cache-Control: max-age=60\nETag: \"v1\"", "one"));
        house.get(path);
        assertThat(house.get(path, "If-Match", "\"v1\"").header("Cache-Status")).isEqualTo("latchkey; fwd=bypass");
        assertThat(house.upstream.last().values("If-Match")).containsExactly("\"v1\"");
    }

    @Test
    void eachFormOfTheRequestHasItsOwnAnswer() {
        house.upstream.script((request, wire) -> wire.write(ok(
                "Cache-Control: max-age=60\nVary: Accept-Language, Accept",
                String.valueOf(request.values("Accept-Language")))));
        assertThat(house.get(path, "Accept-Language", "de").body()).isEqualTo("[de]");
        Answer other = house.get(path, "Accept-Language", "en");
        assertThat(other.body()).isEqualTo("[en]");
        assertThat(other.header("Cache-Status")).isEqualTo("latchkey; fwd=vary-miss; stored");
        assertThat(house.get(path).body()).isEqualTo("[]");
        assertThat(house.get(path, "Accept-Language", "de").header("Cache-Status"))
                .contains("hit");
        assertThat(house.get(path, "Accept-Language", "en").body()).isEqualTo("[en]");
        assertThat(house.get(path).body()).isEqualTo("[]");
        assertThat(house.calls()).isEqualTo(3);
    }

    @Test
    void aCodingIsAVariantEvenWhenTheUpstreamForgotToSaySo() {
        house.upstream.script((request, wire) -> wire.write(
                request.values("Accept-Encoding").contains("gzip")
                        ? ok("Cache-Control: max-age=60\nContent-Encoding: gzip", "zip")
                        : ok("Cache-Control: max-age=60", "text")));
        assertThat(house.get(path, "Accept-Encoding", "gzip").body()).isEqualTo("zip");
        assertThat(house.get(path).body()).isEqualTo("text");
    }

    @Test
    void aPathThatLooksLikeAVariantIsAnotherPath() {
        house.upstream.script((request, wire) ->
                wire.write(ok("Cache-Control: max-age=60\nVary: Accept", request.target() + request.values("Accept"))));
        house.get(path, "Accept", "a");
        assertThat(house.get(path + "?accept=a").body()).endsWith("?accept=a[]");
        assertThat(house.get(path + "%0Aaccept:a").status()).isEqualTo(400);
        assertThat(house.get(path + "/accept/a").body()).endsWith("/accept/a[]");
        assertThat(house.get(path, "Accept", "accept").body()).endsWith("[accept]");
    }
}
