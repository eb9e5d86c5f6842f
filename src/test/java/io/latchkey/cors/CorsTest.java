package io.latchkey.cors;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.latchkey.Gateway;
import io.latchkey.Gateway.Answer;
import io.latchkey.proxy.StubUpstream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a browser is told about pages of other origins, and what it is not. */
class CorsTest {
    private static final String APP = "https://app.example.com";
    private static final String STRANGER = "https://elsewhere.example";

    /** What an upstream says that lets everybody in. */
    private static final String OPEN = """
            HTTP/1.1 200 OK\r
            Access-Control-Allow-Origin: https://elsewhere.example\r
            Access-Control-Allow-Credentials: true\r
            access-control-allow-methods: DELETE\r
            Access-Control-Max-Age: 99\r
            Access-Control-Expose-Headers: X-Total\r
            Vary: Accept-Language\r
            Content-Length: 2\r
            \r
            ok""";

    @TempDir
    static Path directory;

    private static StubUpstream upstream;
    private static Gateway gateway;
    private static String token;

    @BeforeAll
    static void start() throws IOException {
        upstream = StubUpstream.start();
        gateway = gateway("""
                routes:
                  - { id: app, path: /api/app/**, upstreams: ["%1$s"], methods: [GET, PUT],
                      limits: [ { name: two, quota: 2, window: PT1H, accuracy: exact } ],
                      cors: { origins: [https://app.example.com, "http://localhost:3000"] } }
                  - { id: all, path: /api/all/**, upstreams: ["%1$s"], access: public, cache: { ttl: 60s, shared: true },
                      cors: { origins: ["*"], methods: [GET, DELETE], headers: [X-API-Key, X-Mine], exposedHeaders: [X-Cost], maxAge: 1h } }
                  - { id: cookies, path: /api/cookies/**, upstreams: ["%1$s"], cors: { origins: [https://app.example.com], credentials: true } }
                  - { id: gone, path: /api/gone/**, upstreams: ["http://127.0.0.1:9"], breaker: { failures: 1 }, retry: { attempts: 1 },
                      cors: { origins: [https://app.example.com] } }
                  - { id: none, path: /api/none/**, upstreams: ["%1$s"] }
                  - { id: open, path: /api/open/**, upstreams: ["%1$s"], access: public }
                """.formatted(upstream.uri()));
        token = gateway.key("").token();
    }

    private static Gateway gateway(String routes, String... settings) throws IOException {
        List<String> all = new ArrayList<>(List.of(settings));
        all.add("--latchkey.routes-file=" + Files.writeString(Files.createTempFile(directory, "r", ".yml"), routes));
        return Gateway.start(all.toArray(String[]::new));
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

    private static Answer preflight(Gateway gateway, String path, String origin) {
        return preflight(gateway, path, origin, "x-api-key,x-other");
    }

    private static Answer preflight(Gateway gateway, String path, String origin, String headers) {
        return gateway.send(
                "OPTIONS",
                path,
                "",
                "Origin",
                origin,
                "Access-Control-Request-Method",
                "PUT",
                "Access-Control-Request-Headers",
                headers);
    }

    @Test
    void whatNoBrowserAsksForIsNotSaidAgain() {
        String most = "x".repeat(4096);
        assertThat(preflight(gateway, "/api/app/x", APP, most).header("Access-Control-Allow-Headers"))
                .isEqualTo(most);
        Answer answer = preflight(gateway, "/api/app/x", APP, most + "x");
        assertThat(answer.status()).isEqualTo(204);
        assertThat(answer.headers().map()).doesNotContainKey("access-control-allow-headers");
    }

    private static Answer from(String origin, String path) {
        return gateway.send("GET", path, "", "Origin", origin, "X-API-Key", token);
    }

    private static void allowsNobody(Answer answer) {
        assertThat(answer.headers().map().keySet())
                .noneMatch(name -> name.startsWith("access-control-allow-") || name.equals("access-control-max-age"));
    }

    private static List<String> all(Answer answer, String name) {
        return answer.headers().allValues(name).stream()
                .flatMap(value -> List.of(value.split(", *", -1)).stream())
                .toList();
    }

    @Test
    void aBrowserIsToldWithoutAKeyAndWithoutTheUpstream() {
        Answer answer = preflight(gateway, "/api/app/x", APP);
        assertThat(answer.status()).isEqualTo(204);
        assertThat(answer.header("Access-Control-Allow-Origin")).isEqualTo(APP);
        assertThat(answer.header("Access-Control-Allow-Methods")).isEqualTo("GET, PUT, HEAD");
        assertThat(answer.header("Access-Control-Allow-Headers")).isEqualTo("x-api-key,x-other");
        assertThat(answer.header("Access-Control-Max-Age")).isEqualTo("600");
        assertThat(answer.headers().firstValue("Access-Control-Allow-Credentials"))
                .isEmpty();
        assertThat(answer.header("Vary")).isEqualTo("Origin");
        assertThat(answer.header("X-Correlation-ID")).isNotEmpty();
        assertThat(upstream.received()).isEmpty();
        assertThat(gateway.actuator("/actuator/prometheus").body())
                .contains("latchkey_request_seconds_count{method=\"OPTIONS\",route=\"app\",status=\"204\"}");
    }

    @Test
    void anyOtherOriginIsToldNothing() {
        for (String origin : List.of(
                STRANGER,
                "null",
                APP + ".elsewhere.example",
                APP + ":8443",
                "http://app.example.com",
                "https://app.example.com/",
                "https://APP.example.com",
                "*")) {
            Answer answer = preflight(gateway, "/api/app/x", origin);
            assertThat(answer.status()).as(origin).isEqualTo(204);
            allowsNobody(answer);
            assertThat(answer.header("Vary")).isEqualTo("Origin");
        }
        assertThat(upstream.received()).isEmpty();
        Answer answer = from(STRANGER, "/api/cookies/x");
        assertThat(answer.status()).isEqualTo(200);
        allowsNobody(answer);
    }

    @Test
    void pagesOfAnAllowedOriginCanReadAnswersAndEveryRefusal() {
        assertThat(from(APP, "/api/app/1").status()).isEqualTo(200);
        assertThat(from(APP, "/api/app/2").status()).isEqualTo(200);
        assertThat(from(APP, "/api/gone/x").status()).isEqualTo(502);
        List<Answer> refusals = List.of(
                gateway.send("GET", "/api/app/x", "", "Origin", APP),
                from(APP, "/api/app/3"),
                from(APP, "/api/gone/x"),
                gateway.send("DELETE", "/api/app/x", "", "Origin", APP, "X-API-Key", token));
        assertThat(refusals).extracting(Answer::status).containsExactly(401, 429, 503, 405);
        assertThat(refusals).allSatisfy(answer -> {
            assertThat(answer.headers().allValues("Access-Control-Allow-Origin"))
                    .containsExactly(APP);
            assertThat(all(answer, "Access-Control-Expose-Headers")).contains("X-Correlation-ID", "Retry-After");
            assertThat(answer.header("Vary")).isEqualTo("Origin");
        });
        assertThat(all(refusals.get(1), "Access-Control-Expose-Headers")).contains("RateLimit", "RateLimit-Policy");
    }

    @Test
    void aFullHouseSaysSoToPagesToo() throws Exception {
        try (Gateway full = gateway(
                "routes: [ { id: a, path: /api/a, upstreams: [\"%s\"], access: public } ]".formatted(upstream.uri()),
                "--latchkey.cors.origins=" + APP,
                "--latchkey.overload.max-inside=1",
                "--latchkey.overload.max-waiting=0")) {
            List<Answer> inside = new CopyOnWriteArrayList<>();
            upstream.script((request, wire) -> {
                inside.add(full.send("GET", "/api/a", "", "Origin", APP));
                inside.add(preflight(full, "/api/a", APP));
                wire.write(StubUpstream.OK);
            });
            assertThat(full.send("GET", "/api/a", "").status()).isEqualTo(200);
            assertThat(inside).extracting(Answer::status).containsExactly(503, 204);
            assertThat(inside)
                    .allSatisfy(answer -> assertThat(answer.header("Access-Control-Allow-Origin"))
                            .isEqualTo(APP));
        }
    }

    @Test
    void whatTheUpstreamSaysOfOtherOriginsIsDroppedFromTheCacheToo() {
        upstream.answer(OPEN);
        for (String where : List.of("fwd=", "hit")) {
            Answer answer = gateway.send("GET", "/api/all/x", "", "Origin", APP);
            assertThat(answer.header("Cache-Status")).contains(where);
            assertThat(answer.headers().allValues("Access-Control-Allow-Origin"))
                    .containsExactly("*");
            assertThat(answer.headers().map().keySet())
                    .doesNotContain(
                            "access-control-allow-credentials",
                            "access-control-allow-methods",
                            "access-control-max-age");
            assertThat(all(answer, "Access-Control-Expose-Headers")).contains("X-Total", "X-Cost", "X-Correlation-ID");
            assertThat(all(answer, "Vary")).containsExactly("Origin", "Accept-Language");
        }
        Answer withoutOrigin = gateway.send("GET", "/api/all/x", "");
        allowsNobody(withoutOrigin);
        assertThat(all(withoutOrigin, "Vary")).containsExactly("Origin", "Accept-Language");
    }

    @Test
    void anUpstreamThatVariesByOriginIsNotRepeated() {
        upstream.answer("HTTP/1.1 200 OK\r\nVary: Accept, origin\r\nContent-Length: 2\r\n\r\nok");
        assertThat(from(APP, "/api/cookies/x").headers().allValues("Vary")).containsExactly("Accept, origin");
    }

    @Test
    void whatARouteSaysIsWhatBrowsersAreTold() {
        Answer open = preflight(gateway, "/api/all/x", STRANGER);
        assertThat(open.header("Access-Control-Allow-Origin")).isEqualTo("*");
        assertThat(open.header("Access-Control-Allow-Methods")).isEqualTo("GET, DELETE");
        assertThat(open.header("Access-Control-Allow-Headers")).isEqualTo("X-API-Key, X-Mine");
        assertThat(open.header("Access-Control-Max-Age")).isEqualTo("3600");
        assertThat(open.headers().firstValue("Access-Control-Allow-Credentials"))
                .isEmpty();
        Answer cookies = preflight(gateway, "/api/cookies/x", APP);
        assertThat(cookies.header("Access-Control-Allow-Origin")).isEqualTo(APP);
        assertThat(cookies.header("Access-Control-Allow-Credentials")).isEqualTo("true");
    }

    @Test
    void whereNobodySaidSoPreflightsAreAnyOtherRequest() {
        assertThat(preflight(gateway, "/api/none/x", APP).status()).isEqualTo(401);
        assertThat(preflight(gateway, "/api/nowhere", APP).status()).isEqualTo(404);
        upstream.answer(OPEN);
        Answer answer = preflight(gateway, "/api/open/x", STRANGER);
        assertThat(upstream.last().requestLine()).startsWith("OPTIONS ");
        assertThat(answer.header("Access-Control-Allow-Origin")).isEqualTo(STRANGER);
        assertThat(answer.headers().allValues("Vary")).containsExactly("Accept-Language");
    }

    @Test
    void optionsThatAreNoPreflightWalkOn() {
        assertThat(gateway.send("OPTIONS", "/api/cookies/x", "", "Origin", APP).status())
                .isEqualTo(401);
        assertThat(gateway.send("OPTIONS", "/api/cookies/x", "", "Origin", APP, "X-API-Key", token)
                        .status())
                .isEqualTo(200);
        assertThat(upstream.last().requestLine()).startsWith("OPTIONS ");
    }

    @Test
    void thePropertyHoldsForAllBelowApiAndForNothingElse() throws IOException {
        try (Gateway everywhere = gateway(
                """
                routes:
                  - { id: plain, path: /api/plain, upstreams: ["%1$s"], cors: { maxAge: 5s } }
                  - { id: own, path: /api/own, upstreams: ["%1$s"], cors: { origins: [http://own.example] } }
                  - { id: not, path: /api/not, upstreams: ["%1$s"], cors: { origins: [] } }
                """.formatted(upstream.uri()),
                "--latchkey.cors.origins=https://other.example," + APP,
                "--latchkey.cors.exposed-headers=X-Cost")) {
            for (String path : List.of("/api/plain", "/api/v1/keys/self", "/api/v1/usage", "/api/health")) {
                assertThat(preflight(everywhere, path, APP).header("Access-Control-Allow-Origin"))
                        .as(path)
                        .isEqualTo(APP);
            }
            assertThat(preflight(everywhere, "/api/plain", APP).header("Access-Control-Max-Age"))
                    .isEqualTo("5");
            assertThat(everywhere.send("GET", "/api/nowhere", "", "Origin", APP))
                    .satisfies(answer -> {
                        assertThat(answer.status()).isEqualTo(404);
                        assertThat(answer.header("Access-Control-Allow-Origin")).isEqualTo(APP);
                        assertThat(all(answer, "Access-Control-Expose-Headers")).contains("X-Cost");
                    });
            Answer self = everywhere.send(
                    "GET",
                    "/api/v1/keys/self",
                    "",
                    "Origin",
                    APP,
                    "X-API-Key",
                    everywhere.key("").token());
            assertThat(self.status()).isEqualTo(200);
            assertThat(self.headers().allValues("Access-Control-Allow-Origin")).containsExactly(APP);
            allowsNobody(preflight(everywhere, "/api/own", APP));
            assertThat(preflight(everywhere, "/api/not", APP).status()).isEqualTo(401);
            for (String path :
                    List.of("/admin/keys", "/admin/nothing", "/health", "/health/detailed", "/problems/key-missing")) {
                allowsNobody(preflight(everywhere, path, APP));
                allowsNobody(everywhere.admin("GET", path, "", "Origin", APP));
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"https://a.example/path", "https://a.example:443", "null", "*.example.com"})
    void originsThatNoBrowserSendsRefuseTheStart(String origin) {
        assertThatThrownBy(
                        () -> Gateway.start("--latchkey.cors.origins=" + origin).close())
                .hasStackTraceContaining("an origin as browsers send it");
    }

    @Test
    void everyPageTogetherWithCookiesRefusesTheStart() {
        assertThatThrownBy(() -> Gateway.start("--latchkey.cors.origins=*", "--latchkey.cors.credentials=true")
                        .close())
                .hasStackTraceContaining("latchkey.cors.credentials: not together with the origin *");
    }
}
