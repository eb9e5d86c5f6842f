package io.latchkey.cache;

import static io.latchkey.cache.CacheHouse.ok;
import static org.assertj.core.api.Assertions.assertThat;

import io.latchkey.Gateway.Answer;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import org.eclipse.jetty.http.HttpDateTime;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** For how long an answer serves, and what the caller is told about it (RFC 9111, sections 4 and 5). */
class FreshnessTest extends FrozenHouse {

    @BeforeEach
    void own() {
        path = "/api/own" + path;
    }

    private static String date(Duration fromNow) {
        return HttpDateTime.format(house.gateway.time().instant().plus(fromNow));
    }

    @Test
    void aRepeatedRequestIsAnsweredFromTheStoreWithItsAge() {
        house.upstream.answer(ok("Cache-Control: max-age=60\nX-Of: upstream\nDate: " + date(Duration.ZERO), "first"));
        Answer miss = house.get(path);
        assertThat(miss.header("Cache-Status")).isEqualTo("latchkey; fwd=uri-miss; stored");
        house.upstream.answer(ok("", "second"));
        pass(Duration.ofSeconds(7));
        Answer hit = house.get(path);
        assertThat(hit.status()).isEqualTo(200);
        assertThat(hit.body()).isEqualTo("first");
        assertThat(hit.header("X-Of")).isEqualTo("upstream");
        assertThat(hit.header("Age")).isEqualTo("7");
        assertThat(hit.header("Date")).isEqualTo(miss.header("Date"));
        assertThat(hit.header("Content-Length")).isEqualTo("5");
        assertThat(hit.header("Cache-Control")).isEqualTo("max-age=60");
        assertThat(hit.header("Cache-Status")).isEqualTo("latchkey; hit; ttl=53");
        assertThat(hit.header("X-Correlation-ID")).isNotEqualTo(miss.header("X-Correlation-ID"));
        assertThat(house.calls()).isEqualTo(1);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "Cache-Control: s-maxage=30, max-age=5 | 29 | 31",
                "Cache-Control: s-maxage=5, max-age=30 | 4 | 6",
                "Cache-Control: max-age=30 | 29 | 31",
                "Cache-Control: max-age=\"30\" | 29 | 31",
                "Cache-Control: MAX-AGE=30, foo=\"a,max-age=1\" | 29 | 31",
            })
    void theFirstThatSaysHowLongIsBelieved(String head, int fresh, int stale) {
        house.upstream.answer(ok(head + "\nExpires: " + date(Duration.ofHours(1)), "x"));
        house.get(path);
        pass(Duration.ofSeconds(fresh));
        assertThat(house.get(path).header("Cache-Status")).contains("hit");
        pass(Duration.ofSeconds(stale - fresh));
        assertThat(house.get(path).header("Cache-Status")).doesNotContain("hit");
        assertThat(house.calls()).isEqualTo(2);
    }

    @Test
    void expiresCountsFromDate() {
        // The upstream's clock is wrong by an hour; the difference of its two times is not.
        house.upstream.answer(ok(
                "Date: " + date(Duration.ofHours(1)) + "\nExpires: "
                        + date(Duration.ofHours(1).plusSeconds(20)),
                "x"));
        house.get(path);
        pass(Duration.ofSeconds(19));
        assertThat(house.get(path).header("Cache-Status")).contains("hit");
        pass(Duration.ofSeconds(2));
        assertThat(house.get(path).header("Cache-Status")).doesNotContain("hit");
    }

    @Test
    void whatWasOldOnArrivalIsCountedAsOld() {
        house.upstream.answer(ok("Cache-Control: max-age=60\nAge: 50", "x"));
        assertThat(house.get(path).header("Age")).isEqualTo("50");
        pass(Duration.ofSeconds(9));
        Answer hit = house.get(path);
        assertThat(hit.header("Age")).isEqualTo("59");
        assertThat(hit.header("Cache-Status")).isEqualTo("latchkey; hit; ttl=1");
        pass(Duration.ofSeconds(2));
        assertThat(house.get(path).header("Cache-Status")).doesNotContain("hit");
        String other = path + "/dated";
        house.upstream.answer(ok("Cache-Control: max-age=60\nDate: " + date(Duration.ofSeconds(-59)), "x"));
        house.get(other);
        assertThat(house.get(other).header("Age")).isEqualTo("59");
        pass(Duration.ofSeconds(2));
        assertThat(house.get(other).header("Cache-Status")).doesNotContain("hit");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "Cache-Control: no-store, max-age=60",
                "Cache-Control: private, max-age=60",
                "Cache-Control: private=\"X-A\", max-age=60",
                "Cache-Control: max-age=60\nSet-Cookie: a=b",
                "Cache-Control: max-age=60\nVary: *",
                "Cache-Control: max-age=60\nVary: Accept, *",
                "Cache-Control: max-age=60\nVary: X-Forwarded-For",
                "Cache-Control: max-age=60\nVary: X-Consumer-Id",
                "Cache-Control: max-age=0",
                "Cache-Control: max-age=abc",
                "Cache-Control: max-age=60, max-age=70",
                "Cache-Control: no-cache, max-age=60",
                "Expires: 0",
                "Expires: Thu, 01 Jan 1970 00:00:00 GMT",
                "Last-Modified: Thu, 01 Jan 1970 00:00:00 GMT",
                "X-Nothing: said"
            })
    void whatMayNotBeKeptIsNot(String head) {
        house.upstream.answer(ok(head, "first"));
        assertThat(house.get(path).header("Cache-Status")).isEqualTo("latchkey; fwd=uri-miss");
        house.upstream.answer(ok(head, "second"));
        assertThat(house.get(path).body()).isEqualTo("second");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "206 Partial",
                "201 Created",
                "202 Accepted",
                "400 Bad",
                "401 No",
                "403 No",
                "500 Oh",
                "501 Oh",
                "502 Oh",
                "503 Oh",
                "504 Oh",
                "418 Tea"
            })
    void otherStatusesAreNotKept(String status) {
        house.upstream.answer(CacheHouse.answer(status, "Cache-Control: max-age=60", "first"));
        assertThat(house.get(path).header("Cache-Status")).isEqualTo("latchkey; fwd=uri-miss");
        house.get(path);
        assertThat(house.calls()).isEqualTo(2);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "200 OK",
                "203 Other",
                "300 Many",
                "301 Gone",
                "302 There",
                "307 There",
                "308 There",
                "404 None",
                "405 No",
                "410 Gone",
                "414 Long"
            })
    void statusesThatAreUnderstoodAreKeptForAsLongAsTheySay(String status) {
        house.upstream.answer(CacheHouse.answer(status, "Cache-Control: max-age=60", "first"));
        Answer miss = house.get(path);
        Answer hit = house.get(path);
        assertThat(hit.status()).isEqualTo(miss.status());
        assertThat(hit.header("Cache-Status")).contains("hit");
        assertThat(house.calls()).isEqualTo(1);
    }

    @Test
    void theRoutesTimeIsForAnswersThatSayNothing() {
        String timed = "/api/timed" + path;
        house.upstream.answer(ok("", "x"));
        house.get(timed);
        pass(Duration.ofSeconds(59));
        assertThat(house.get(timed).header("Cache-Status")).contains("hit");
        pass(Duration.ofSeconds(2));
        assertThat(house.get(timed).header("Cache-Status")).doesNotContain("hit");
        String none = timed + "/none";
        house.upstream.answer(CacheHouse.answer("404 None", "", "x"));
        house.get(none);
        assertThat(house.get(none).header("Cache-Status")).doesNotContain("hit");
    }

    @Test
    void anAnswerWithoutABodyIsKept() {
        house.upstream.answer("HTTP/1.1 204 None\r\nCache-Control: max-age=60\r\n\r\n");
        house.get(path);
        Answer hit = house.get(path);
        assertThat(hit.status()).isEqualTo(204);
        assertThat(hit.header("Cache-Status")).contains("hit");
    }

    @Test
    void bytesComeBackAsTheyWere() throws IOException {
        StringBuilder all = new StringBuilder();
        for (int i = 0; i < 50_000; i++) {
            all.append((char) (i % 256));
        }
        house.upstream.answer(ok("Cache-Control: max-age=60\nContent-Type: image/png", all.toString()));
        var http = java.net.http.HttpClient.newHttpClient();
        var request = java.net.http.HttpRequest.newBuilder(
                        java.net.URI.create("http://127.0.0.1:" + house.gateway.port() + path))
                .header("X-API-Key", house.key)
                .build();
        for (int i = 0; i < 2; i++) {
            try {
                var answer = http.send(request, java.net.http.HttpResponse.BodyHandlers.ofByteArray());
                assertThat(answer.body())
                        .isEqualTo(all.toString().getBytes(java.nio.charset.StandardCharsets.ISO_8859_1));
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
        }
        assertThat(house.calls()).isEqualTo(1);
    }

    @Test
    void headIsAnsweredFromGet() {
        house.upstream.answer(ok("Cache-Control: max-age=60", "12345"));
        house.get(path);
        Answer head = house.send("HEAD", path, "");
        assertThat(head.header("Cache-Status")).contains("hit");
        assertThat(head.header("Content-Length")).isEqualTo("5");
        assertThat(head.body()).isEmpty();
        assertThat(house.calls()).isEqualTo(1);
        String other = path + "/head";
        assertThat(house.send("HEAD", other, "").header("Cache-Status")).isEqualTo("latchkey; fwd=uri-miss");
        house.get(other);
        assertThat(house.calls()).isEqualTo(3);
    }

    @Test
    void theCallersWishesAreHeard() {
        house.upstream.answer(ok("Cache-Control: max-age=60\nETag: \"1\"", "x"));
        house.get(path);
        pass(Duration.ofSeconds(30));
        assertThat(house.get(path, "Cache-Control", "max-age=29").header("Cache-Status"))
                .contains("fwd=stale");
        pass(Duration.ofSeconds(10));
        assertThat(house.get(path, "Cache-Control", "min-fresh=51").header("Cache-Status"))
                .contains("fwd=stale");
        assertThat(house.get(path, "Cache-Control", "min-fresh=50").header("Cache-Status"))
                .contains("hit");
        assertThat(house.get(path, "Cache-Control", "no-cache").header("Cache-Status"))
                .contains("fwd=request");
        assertThat(house.get(path, "Pragma", "no-cache").header("Cache-Status")).contains("fwd=request");
        assertThat(house.get(path, "Cache-Control", "no-store").header("Cache-Status"))
                .isEqualTo("latchkey; fwd=bypass");
        assertThat(house.get(path, "Cache-Control", "only-if-cached").header("Cache-Status"))
                .contains("hit");
        pass(Duration.ofSeconds(65));
        Answer old = house.get(path, "Cache-Control", "max-stale=10");
        assertThat(old.header("Cache-Status")).isEqualTo("latchkey; hit; ttl=-5");
        assertThat(old.header("Age")).isEqualTo("65");
        assertThat(house.get(path, "Cache-Control", "max-stale").header("Cache-Status"))
                .contains("hit");
        assertThat(house.get(path, "Cache-Control", "max-stale=4").header("Cache-Status"))
                .contains("fwd=stale");
        pass(Duration.ofSeconds(65));
        Answer none = house.get(path, "Cache-Control", "only-if-cached");
        assertThat(none.status()).isEqualTo(504);
        assertThat(none.get("code")).isEqualTo("not-cached");
    }

    @ParameterizedTest
    @ValueSource(strings = {"must-revalidate, max-age=60", "proxy-revalidate, max-age=60", "s-maxage=60"})
    void whatMustBeAskedForIsNeverServedStale(String control) {
        house.upstream.answer(ok("Cache-Control: " + control + "\nETag: \"1\"", "x"));
        house.get(path);
        assertThat(house.get(path).header("Cache-Status")).contains("hit");
        pass(Duration.ofSeconds(61));
        assertThat(house.get(path, "Cache-Control", "max-stale").header("Cache-Status"))
                .contains("fwd=stale");
    }

    @Test
    void aRequestThatMayNotBeStoredIsNot() {
        house.upstream.answer(ok("Cache-Control: max-age=60", "x"));
        house.get(path, "Cache-Control", "no-store");
        assertThat(house.get(path).header("Cache-Status")).contains("uri-miss");
    }

    @Test
    void partsPassBy() {
        house.upstream.answer(ok("Cache-Control: max-age=60", "12345"));
        house.get(path);
        house.upstream.answer(CacheHouse.answer("206 Part", "Content-Range: bytes 0-1/5", "12"));
        Answer part = house.get(path, "Range", "bytes=0-1");
        assertThat(part.status()).isEqualTo(206);
        assertThat(part.header("Cache-Status")).isEqualTo("latchkey; fwd=bypass");
        assertThat(house.upstream.last().values("Range")).containsExactly("bytes=0-1");
        assertThat(house.get(path).body()).isEqualTo("12345");
    }

    @Test
    void whatAnotherCacheSaidStandsBeforeOurs() {
        house.upstream.answer(ok("Cache-Control: max-age=60\nCache-Status: origin; hit", "x"));
        house.get(path);
        assertThat(house.get(path).headers().allValues("Cache-Status"))
                .containsExactly("origin; hit", "latchkey; hit; ttl=60");
    }

    @Test
    void datesInAllThreeFormsAreRead() {
        assertThat(Terms.millis("Sun, 06 Nov 1994 08:49:37 GMT"))
                .isEqualTo(Instant.parse("1994-11-06T08:49:37Z").toEpochMilli());
        assertThat(Terms.millis("Sunday, 06-Nov-94 08:49:37 GMT"))
                .isEqualTo(Instant.parse("1994-11-06T08:49:37Z").toEpochMilli());
        assertThat(Terms.millis("Sun Nov  6 08:49:37 1994"))
                .isEqualTo(Instant.parse("1994-11-06T08:49:37Z").toEpochMilli());
        assertThat(Terms.millis("tomorrow")).isEqualTo(-1);
        assertThat(Terms.millis("0")).isEqualTo(-1);
    }
}
