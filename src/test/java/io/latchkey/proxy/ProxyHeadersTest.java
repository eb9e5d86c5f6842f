package io.latchkey.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import io.latchkey.RawClient;
import io.latchkey.Seed;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ProxyHeadersTest {
    private static StubUpstream upstream;
    private static TestGateway gateway;

    @BeforeAll
    static void start() {
        upstream = StubUpstream.start();
        gateway = TestGateway.start("""
                routes:
                  - { id: up, path: /api/up/**, retry: { attempts: 1 }, upstreams: ["%1$s"], stripPrefix: /api/up }
                  - { id: open, path: /api/open/**, upstreams: ["%1$s/base/"], access: public }
                  - id: injected
                    path: /api/injected/**
                    upstreams: ["%1$s"]
                    upstreamHeaders: { Authorization: "Bearer ${PROVIDER_KEY}", x-team: blue }
                """.formatted(upstream.uri()), "PROVIDER_KEY=prov1der");
    }

    @AfterAll
    static void stop() throws IOException {
        gateway.close();
        upstream.close();
    }

    @BeforeEach
    void reset() {
        upstream.reset();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "Connection: close",
                "Connection: keep-alive, X-Private",
                "Keep-Alive: timeout=5",
                "Proxy-Connection: x",
                "Proxy-Authorization: Basic eA==",
                "Proxy-Authenticate: Basic",
                "TE: trailers, gzip",
                "Trailer: X",
                "Upgrade: h2c\r\nConnection: Upgrade",
                "HTTP2-Settings: AAMAAABkAAQAAP__",
                "X-Forwarded-For: 1.2.3.4",
                "x-forwarded-proto: https",
                "X-Forwarded-Host: evil",
                "X-Forwarded-Port: 1",
                "X-Forwarded-Prefix: /x",
                "X-Forwarded-Anything: x",
                "Forwarded: for=1.2.3.4",
                "X-Real-IP: 1.2.3.4",
                "X-Consumer-Id: other",
                "X-Consumer-Name: other",
                "x-consumer-id: other",
                "X_Consumer_Id: other",
                "X_Api_Key: lk_x",
                "X_Forwarded_For: 1.2.3.4",
                "a_b: c",
                "X-API-Key: lk_test_secret",
                "x-api-key: lk_test_secret",
                "X-Correlation-ID: forged",
                "x-correlation-id: forged",
                "Expect: 100-continue",
                "X-Original-URL: /admin",
                "X-Rewrite-URL: /admin"
            })
    void whatIsNotTheCallersToSayIsDropped(String line) throws IOException {
        get("/api/up/x", line, "X-Private: p", "X-Kept: k");
        String name = line.substring(0, line.indexOf(':'));
        String value = line.substring(line.indexOf(':') + 1).strip();
        assertThat(upstream.last().values(name)).doesNotContain(value);
        assertThat(upstream.last().head().toLowerCase(Locale.ROOT)).doesNotContain("evil", "1.2.3.4", "secret", "_");
        assertThat(upstream.last().values("X-Kept")).containsExactly("k");
        assertOurOwn();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "X-Forwarded-For",
                "X-Forwarded-Proto, X-Forwarded-Host",
                "Via",
                "X-Consumer-Id",
                "X-Correlation-ID",
                "Host",
                "Content-Length",
                "x-consumer-id,x-correlation-id , via,,",
                "X-API-Key"
            })
    void namingOurHeadersInConnectionDoesNotRemoveThem(String names) throws IOException {
        get("/api/up/x", "Connection: " + names, "X-API-Key: secret");
        assertOurOwn();
        assertThat(upstream.last().names()).doesNotContain("connection", "x-api-key");
    }

    @Test
    void headersSurviveInAThousandMixtures() throws IOException {
        List<String> kept = List.of(
                "Accept: */*",
                "Accept-Encoding: gzip, br",
                "Cookie: a=b; c=d",
                "User-Agent: t\u00e9st/\u0082\u00a9",
                "If-None-Match: \"x\"",
                "Range: bytes=0-1",
                "X-Custom: 1",
                "X-Custom: 2",
                "traceparent: 00-1-2-01",
                "Idempotency-Key: k",
                "Content-Language: de",
                "X-HTTP-Method-Override: DELETE",
                "Accept: text/html");
        List<String> dropped = List.of(
                "Forwarded: for=x",
                "X-Forwarded-For: x",
                "TE: trailers",
                "X-Real-IP: x",
                "X-API-Key: k",
                "a_b: x",
                "Keep-Alive: 1",
                "X-Consumer-Groups: x",
                "X-Correlation-ID: x",
                "Connection: X-Gone",
                "X-Gone: x",
                "Connection: x-forwarded-for, te");
        Random random = Seed.random();
        try (RawClient client = new RawClient(gateway.port())) {
            for (int i = 0; i < 1000; i++) {
                StringBuilder request = new StringBuilder("GET /api/up/x HTTP/1.1\r\nHost: g\r\n");
                List<String> expected = new ArrayList<>();
                boolean gone = false;
                List<String> lines = new ArrayList<>();
                for (int n = random.nextInt(8); n > 0; n--) {
                    lines.add(kept.get(random.nextInt(kept.size())));
                }
                for (int n = random.nextInt(6); n > 0; n--) {
                    lines.add(dropped.get(random.nextInt(dropped.size())));
                }
                Collections.shuffle(lines, random);
                for (String line : lines) {
                    request.append(line).append("\r\n");
                    gone |= line.equals("Connection: X-Gone");
                    if (kept.contains(line)) {
                        expected.add(line);
                    }
                }
                if (!gone && lines.contains("X-Gone: x")) {
                    lines.stream().filter("X-Gone: x"::equals).forEach(expected::add);
                }
                client.send(request + "\r\n");
                assertThat(client.receive(false).status()).isEqualTo(200);
                List<String> ours = List.of(
                        "host",
                        "x-forwarded-for",
                        "x-forwarded-proto",
                        "x-forwarded-host",
                        "via",
                        "x-consumer-id",
                        "x-correlation-id");
                List<String> passed = upstream.last()
                        .head()
                        .lines()
                        .skip(1)
                        .filter(line -> !line.isEmpty())
                        .filter(line -> !ours.contains(
                                line.substring(0, line.indexOf(':')).toLowerCase(Locale.ROOT)))
                        .toList();
                assertThat(passed).as(Seed.said()).containsExactlyInAnyOrderElementsOf(expected);
                assertOurOwn();
            }
        }
        assertThat(upstream.connections()).isEqualTo(1);
    }

    @Test
    void theKeyNeverReachesTheUpstreamAndOtherCredentialsDo() throws IOException {
        get("/api/up/x", "Authorization: Bearer lk_test_k_secret");
        assertThat(upstream.last().names()).doesNotContain("authorization");
        get("/api/up/x", "Authorization: Bearer legacy-secret");
        assertThat(upstream.last().names()).doesNotContain("authorization");
        get("/api/up/x", "X-API-Key: lk_test_k_secret", "Authorization: Basic abc");
        assertThat(upstream.last().values("Authorization")).containsExactly("Basic abc");
        assertThat(upstream.last().head()).doesNotContain("secret");

        get("/api/open/x", "Authorization: Basic abc");
        assertThat(upstream.last().values("Authorization")).containsExactly("Basic abc");
        get("/api/open/x", "authorization: bearer   lk_test_k_secret", "X-API-Key: secret");
        assertThat(upstream.last().names()).doesNotContain("authorization", "x-api-key", "x-consumer-id");
    }

    @Test
    void theRoutesOwnHeadersWin() throws IOException {
        get("/api/injected/x", "X-API-Key: k", "Authorization: Bearer theirs", "X-Team: red", "X-Team: green");
        assertThat(upstream.last().values("Authorization")).containsExactly("Bearer prov1der");
        assertThat(upstream.last().values("X-Team")).containsExactly("blue");
    }

    @Test
    void viaIsAppendedAndHostIsTheUpstreams() throws IOException {
        get("/api/up/x", "Via: 1.0 fred");
        assertThat(upstream.last().values("Via")).containsExactly("1.0 fred", "1.1 latchkey");
        assertThat(upstream.last().values("Host"))
                .containsExactly(upstream.uri().getAuthority());
        assertThat(upstream.last().values("User-Agent")).isEmpty();
        get("/api/open/x?q=%2F..;/&a=%0d%0aX:1", "X: y");
        assertThat(upstream.last().target()).isEqualTo("/base/api/open/x?q=%2F..;/&a=%0d%0aX:1");
    }

    @Test
    void answerHeadersPassOnceAndOursStayOurs() throws IOException {
        upstream.answer("""
                HTTP/1.1 200 OK
                Connection: keep-alive, X-Hop
                X-Hop: 1
                Keep-Alive: timeout=5
                Proxy-Authenticate: Basic
                Upgrade: h2c
                Trailer: X
                Set-Cookie: a=1; Path=/
                Set-Cookie: b=2
                Set-Cookie: c=3
                Vary: Accept
                Vary: Origin
                X-Correlation-ID: forged
                API-Key-Status: x
                RateLimit: x
                RateLimit-Policy: x
                X-Frame-Options: SAMEORIGIN
                Server: stub
                Date: Mon, 01 Jan 2024 00:00:00 GMT
                Content-Type: text/html;  charset="UTF-8"
                X-Latin: \u00e9\u0082
                Cache-Control: no-cache
                ETag: W/"1"
                Location: http://169.254.169.254/
                Content-Length: 2

                ok""".replace("\n", "\r\n"));
        RawClient.Answer answer = get("/api/up/x", "X: y");
        assertThat(answer.values("Set-Cookie")).containsExactly("a=1; Path=/", "b=2", "c=3");
        assertThat(answer.values("Vary")).containsExactly("Accept", "Origin");
        assertThat(answer.values("X-Correlation-ID")).containsExactly(TestGateway.CORRELATION_ID);
        assertThat(answer.values("X-Frame-Options")).containsExactly("SAMEORIGIN");
        assertThat(answer.values("X-Content-Type-Options")).containsExactly("nosniff");
        assertThat(answer.values("Content-Type")).containsExactly("text/html;  charset=\"UTF-8\"");
        assertThat(answer.values("Date")).containsExactly("Mon, 01 Jan 2024 00:00:00 GMT");
        assertThat(answer.values("Server")).containsExactly("stub");
        assertThat(answer.values("X-Latin")).containsExactly("\u00e9\u0082");
        assertThat(answer.values("ETag")).containsExactly("W/\"1\"");
        assertThat(answer.values("Location")).containsExactly("http://169.254.169.254/");
        for (String name : List.of(
                "X-Hop",
                "Keep-Alive",
                "Proxy-Authenticate",
                "Upgrade",
                "Trailer",
                "API-Key-Status",
                "RateLimit",
                "RateLimit-Policy")) {
            assertThat(answer.values(name)).isEmpty();
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {301, 302, 303, 307, 308, 401, 407, 429, 500, 503, 599})
    void statusesPassWithoutBeingFollowedAnsweredOrRetried(int status) throws IOException {
        upstream.answer("HTTP/1.1 " + status + " X\r\nLocation: /api/up/other\r\nWWW-Authenticate: Basic realm=x\r\n"
                + "Retry-After: 1\r\nContent-Length: 2\r\n\r\nno");
        RawClient.Answer answer = get("/api/up/x", "X: y");
        assertThat(answer.status()).isEqualTo(status);
        assertThat(answer.text()).isEqualTo("no");
        assertThat(upstream.received()).hasSize(1);
    }

    private static void assertOurOwn() {
        var last = upstream.last();
        assertThat(last.values("X-Forwarded-For")).containsExactly("127.0.0.1");
        assertThat(last.values("X-Forwarded-Proto")).containsExactly("http");
        assertThat(last.values("X-Forwarded-Host")).hasSize(1);
        assertThat(last.values("X-Consumer-Id")).containsExactly("key1");
        assertThat(last.values("X-Correlation-ID")).containsExactly(TestGateway.CORRELATION_ID);
        assertThat(last.values("Via")).containsExactly("1.1 latchkey");
        assertThat(last.values("Host")).containsExactly(upstream.uri().getAuthority());
    }

    private static RawClient.Answer get(String target, String... headers) throws IOException {
        RawClient.Answer answer = RawClient.call(
                gateway.port(),
                "GET " + target + " HTTP/1.1\r\nHost: g\r\n" + String.join("\r\n", headers) + "\r\n\r\n");
        assertThat(upstream.received()).as(answer.text()).isNotEmpty();
        return answer;
    }

    @Test
    void whatACallerIsToldOfItsOldSecretStandsBesideTheUpstreamsOwnLists() throws IOException {
        upstream.answer("""
                HTTP/1.1 200 OK
                Link: </page/2>; rel="next"
                Access-Control-Expose-Headers: X-Total
                Content-Length: 0

                """.replace("\n", "\r\n"));
        RawClient.Answer answer = get("/api/up/old-secret", "X: y");
        assertThat(answer.values("Link"))
                .containsExactly("</problems/key-superseded>; rel=\"help\"", "</page/2>; rel=\"next\"");
        assertThat(answer.values("Access-Control-Expose-Headers"))
                .containsExactly("API-Key-Status, API-Key-Expires, Link", "X-Total");
    }
}
