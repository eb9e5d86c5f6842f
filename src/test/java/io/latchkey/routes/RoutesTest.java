package io.latchkey.routes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.latchkey.problems.Refusal;
import io.latchkey.problems.Refused;
import io.latchkey.store.StartRefused;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.core.env.MapPropertySource;
import org.springframework.core.env.StandardEnvironment;
import org.springframework.core.env.SystemEnvironmentPropertySource;
import org.springframework.mock.web.MockHttpServletRequest;
import org.springframework.util.unit.DataSize;
import tools.jackson.databind.json.JsonMapper;

class RoutesTest {
    @TempDir
    Path directory;

    private final StandardEnvironment environment = new StandardEnvironment();

    @ParameterizedTest
    @CsvSource({
        "/api/a, short",
        "/api/a/, short",
        "/api/a/x, short",
        "/api/a/b, exact",
        "/api/a/b/, long",
        "/api/a/b/c, long",
        "/api/a/bc, short",
        "/api/%61/b/c, long",
        "/api/v1/keys/self/x, latchkey:v1-keys-self",
        "/api/v1/keys/self, latchkey:v1-keys-self",
        "/api/health, latchkey:health",
        "/api/v1/keys/selfish, all",
        "/api/health/x, all",
        "/api/v1/keys, all",
        "/api, all",
    })
    void theLongestMatchWinsAndReservedPathsBelongToNoRoute(String path, String label) {
        Routes routes = routes("""
                routes:
                  - { id: all, path: /api/**, upstreams: ["http://h:1"] }
                  - { id: short, path: /api/a/**, upstreams: ["http://h:1"] }
                  - { id: long, path: /api/a/b/**, upstreams: ["http://h:1"] }
                  - { id: exact, path: /api/a/b, upstreams: ["http://h:1"] }
                """);
        RouteMatch match = routes.match(get(path));
        assertThat(match.label()).isEqualTo(label);
        assertThat(match.isReserved()).isEqualTo(label.startsWith("latchkey:"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"/api/v1/missions", "/api/v1/missions/1"})
    void whatIsOnlyKeptFreeIsNotFoundEvenBelowACatchAll(String path) {
        Routes routes = routes("routes: [ { id: all, path: /api/**, upstreams: [\"http://h:1\"] } ]");
        assertThat(refusal(routes, get(path)).refusal()).isEqualTo(Refusal.ROUTE_NOT_FOUND);
    }

    @Test
    void nobodysPathIsNotFound() {
        Routes routes = routes("routes: [ { id: a, path: /api/a, upstreams: [\"http://h:1\"] } ]");
        for (String path : new String[] {"/api/b", "/api/a/", "/api/A", "/api/ab", "/api", "/api/a/".repeat(2000)}) {
            Refused refused = refusal(routes, get(path.replace("//", "/")));
            assertThat(refused.refusal()).isEqualTo(Refusal.ROUTE_NOT_FOUND);
        }
    }

    @Test
    void onlyTheRoutesMethodsPassAndGetIncludesHead() {
        Routes routes =
                routes("routes: [ { id: a, path: /api/a, upstreams: [\"http://h:1\"], methods: [GET, POST] } ]");
        for (String method : new String[] {"GET", "HEAD", "POST"}) {
            assertThat(routes.match(new MockHttpServletRequest(method, "/api/a"))
                            .label())
                    .isEqualTo("a");
        }
        for (String method : new String[] {"PUT", "OPTIONS", "TRACE", "CONNECT", "get", "PRI", "X"}) {
            Refused refused = refusal(routes, new MockHttpServletRequest(method, "/api/a"));
            assertThat(refused.refusal()).isEqualTo(Refusal.METHOD_NOT_ALLOWED);
            assertThat(refused.headers()).containsEntry("Allow", "GET, POST, HEAD");
        }
        assertThat(refusal(routes, new MockHttpServletRequest("TRACE", "/api/health"))
                        .refusal())
                .isEqualTo(Refusal.METHOD_NOT_ALLOWED);
    }

    @ParameterizedTest
    @CsvSource({
        "/api/s, /",
        "/api/s/, /",
        "/api/s/x, /x",
        "/api/s/%78/%c3%a9, /x/%C3%A9",
    })
    void thePrefixIsStrippedFromTheCanonicalPath(String path, String target) {
        Routes routes =
                routes("routes: [ { id: s, path: /api/s/**, upstreams: [\"http://h:1\"], stripPrefix: /api/s } ]");
        MockHttpServletRequest request = get(path);
        assertThat(routes.match(request).target()).isEqualTo(target);
        request.setQueryString("a=%0d%0a&b=..;");
        assertThat(routes.match(request).target()).isEqualTo(target + "?a=%0d%0a&b=..;");
    }

    @Test
    void everythingWrittenIsRead() {
        environment.getPropertySources().addFirst(new MapPropertySource("test", Map.of("SCANNER_TOKEN", "s3cret")));
        Route route = routes("""
                routes:
                  - id: scanner
                    path: /api/scanner/**
                    upstreams: [ "http://127.0.0.1:9001", "https://scan.example/base", "http://[::1]:9002" ]
                    stripPrefix: /api/scanner
                    methods: [GET, POST]
                    scope: scanner:use
                    access: key
                    timeout: { connect: 250ms, firstByte: PT3S, total: 1h }
                    requestSizeLimit: 1MB
                    upstreamHeaders: { Authorization: "Bearer ${SCANNER_TOKEN}", X-A-B: 1, X-AB: 2 }
                """).all().getFirst();
        assertThat(route.upstreams()).hasSize(3);
        assertThat(route.scope()).isEqualTo("scanner:use");
        assertThat(route.isPublic()).isFalse();
        assertThat(route.timeout())
                .isEqualTo(new Route.Timeout(Duration.ofMillis(250), Duration.ofSeconds(3), Duration.ofHours(1)));
        assertThat(route.requestSizeLimit()).isEqualTo(DataSize.ofMegabytes(1));
        assertThat(route.upstreamHeaders())
                .containsOnly(
                        Map.entry("Authorization", "Bearer s3cret"), Map.entry("X-A-B", "1"), Map.entry("X-AB", "2"));
        assertThat(route.toString()).doesNotContain("s3cret");
        assertThat(JsonMapper.shared().writeValueAsString(RouteView.of(route)))
                .contains("Authorization", "\"total\":\"PT1H\"")
                .doesNotContain("s3cret");
    }

    @Test
    void theApplicationsOwnConfigurationMayHoldTheRoutes() {
        environment
                .getPropertySources()
                .addFirst(new SystemEnvironmentPropertySource(
                        "systemEnvironment",
                        Map.of(
                                "LATCHKEY_ROUTES_0_ID", "a",
                                "LATCHKEY_ROUTES_0_PATH", "/api/a",
                                "LATCHKEY_ROUTES_0_UPSTREAMS_0", "http://h:1",
                                "LATCHKEY_ROUTES_0_REQUESTSIZELIMIT", "1KB",
                                "LATCHKEY_ROUTES_0_TIMEOUT_FIRSTBYTE", "2s",
                                "LATCHKEY_ROUTES_FILE", "")));
        Route route = configured("").getFirst();
        assertThat(route.upstreams()).hasSize(1);
        assertThat(route.requestSizeLimit()).isEqualTo(DataSize.ofKilobytes(1));
        assertThat(route.timeout().firstByte()).isEqualTo(Duration.ofSeconds(2));
    }

    @Test
    void withoutAnyRoutesThereIsOnlyTheDemoRoute() throws Exception {
        DemoUpstream demo = new DemoUpstream(JsonMapper.shared());
        Routes routes = new Routes(
                new RouteSource(new RoutesProperties("", Duration.ZERO), TestRoutes.NO_CORS, environment), demo);
        assertThat(routes.match(get("/api/demo/x")).label()).isEqualTo("demo");
        assertThat(routes.all()).hasSize(1);
        demo.stop();
    }

    @Test
    void everyFaultIsNamedAtOnceWithItsPropertyAndRange() {
        StartRefused refused = refusedStart("""
                routes:
                  - id: A b
                    path: /other
                    upstreams: [ "ftp://h", "http://user:hunter2@h", "http://h?x", "http://0x7f.1", "h:1", "http://h/../x" ]
                    retry: { attempts: 11, on: [error] }
                    breaker: { failures: 0, half: 1 }
                    health: { interval: 1ms }
                    limits: [ { name: a, quota: 0, window: P2M }, { name: a, quota: 1, window: PT1M } ]
                    cache: { methods: [PUT], ttl: 366d }
                    cors: { origins: ["*", "https://a.example/", "HTTPS://b", "https://c:443", "null"], credentials: true, methods: [TRACE], headers: ["a b"], maxAge: 2d, origin: x }
                    usage: { tokens: total, model: m, pricePerThousand: cheap, prices: { large: free } }
                    mission: {}
                    timeout: { total: -1s, connect: 5, firstByte: 2h, idle: 1s }
                    methods: [get, TRACE]
                    access: open
                    requestSizeLimit: 2TB
                    upstreamHeaders: { Authorization: "Bearer ${NOT_SET_ANYWHERE}", Transfer-Encoding: x, "a b": y }
                    stripPrefix: /api/ot
                    warm:
                  - { id: b, path: /api/health, upstreams: ["http://169.254.169.254"] }
                  - { id: b, path: /api/health, upstreams: ["http://[::ffff:169.254.1.1]"] }
                  - { id: c, path: /api/v1/keys/self/**, upstreams: [] , access: public, scope: x }
                  - nonsense
                extra: 1
                """);
        assertThat(refused.getMessage())
                .contains(
                        "routes[0].id: A b (expected: [a-z0-9]",
                        "routes[0].path: /other (expected: a canonical path below /api/",
                        "routes[0].upstreams[0].url: ftp://h (expected: http(s)://host",
                        "routes[0].upstreams[1].url: http://(not shown)@h",
                        "routes[0].upstreams[5].url: ",
                        "routes[0].retry.attempts: 11 (expected: 1 to 10)",
                        "routes[0].retry.on[0]: error (expected: timeout)",
                        "routes[0].breaker.failures: 0 (expected: 1 to 1000)",
                        "routes[0].breaker.half: unknown",
                        "routes[0].health.path: missing",
                        "routes[0].health.interval: 1ms (expected: 100ms to 1h)",
                        "routes[0].limits[0].quota: 0 (expected: 1 to ",
                        "routes[0].limits[0].window: P2M (expected: PT1S to PT24H, P1D to P31D, or P1M)",
                        "routes[0].limits[1].name: another limit of this route has this name",
                        "routes[0].cache.methods[0]: PUT (expected: GET, HEAD or POST)",
                        "routes[0].cache.ttl: 366d (expected: 0ms to 8760h)",
                        "routes[0].cors.origins[1]: https://a.example/ (expected: * or an origin as browsers send it",
                        "routes[0].cors.origins[2]: HTTPS://b (expected: ",
                        "routes[0].cors.origins[3]: https://c:443 (expected: ",
                        "routes[0].cors.origins[4]: null (expected: ",
                        "routes[0].cors.credentials: not together with the origin *",
                        "routes[0].cors.methods[0]: TRACE (expected: GET|HEAD",
                        "routes[0].cors.headers[0]: a b (expected: * or the name of a header",
                        "routes[0].cors.maxAge: 2d (expected: 0ms to 24h)",
                        "routes[0].cors.origin: unknown",
                        "routes[0].mission: unknown, or not supported by this version (accepted: ",
                        "routes[0].usage.tokens: total (expected: a JSON pointer such as /usage/total_tokens)",
                        "routes[0].usage.model: m",
                        "routes[0].usage.pricePerThousand: cheap (expected: a price such as 0.002",
                        "routes[0].usage.prices.large: a price such as 0.002",
                        "routes[0].timeout.total: -1s (expected: 1ms to 1h)",
                        "routes[0].timeout.connect: 5 (expected: 1ms to 1h)",
                        "routes[0].timeout.firstByte: 2h (expected: 1ms to 1h)",
                        "routes[0].timeout.idle: unknown",
                        "(accepted: connect, firstByte, total)",
                        "routes[0].methods[0]: get (expected: GET, HEAD",
                        "routes[0].methods[1]: TRACE",
                        "routes[0].access: open (expected: key or public)",
                        "routes[0].requestSizeLimit: 2TB (expected: 0B to 1TB)",
                        "routes[0].upstreamHeaders.Authorization: the variable NOT_SET_ANYWHERE is not set",
                        "routes[0].upstreamHeaders: Transfer-Encoding (expected: a header name",
                        "routes[0].upstreamHeaders: a b (expected: a header name",
                        "routes[0].stripPrefix: /api/ot (expected: a beginning of path",
                        "routes[1].path: /api/health (expected",
                        "routes[1].upstreams: http://169.254.169.254 (expected: no link-local address",
                        "routes[2].upstreams: http://[::ffff:169.254.1.1] (expected: no link-local address",
                        "routes[2].id: b (expected: no repetition of routes[1].id)",
                        "routes[3].path: /api/v1/keys/self/** (expected",
                        "routes[3].upstreams: missing",
                        "routes[3].scope: a public route has no caller",
                        "routes[4]: not a mapping",
                        "extra: unknown (accepted: routes)")
                .doesNotContain("hunter2");
    }

    @ParameterizedTest
    @ValueSource(strings = {"mission: {}", "nonsense: 1"})
    void whatThisVersionCannotDoIsNotSilentlyIgnored(String line) {
        StartRefused refused =
                refusedStart("routes: [ { id: a, path: /api/a, upstreams: [\"http://h:1\"], " + line + " } ]");
        assertThat(refused.getMessage()).contains("routes[0]." + line.substring(0, line.indexOf(':')) + ": unknown");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/api/",
                "/api",
                "/api/**/x",
                "/api/*",
                "/api/a*",
                "/api/a/",
                "/api/a//**",
                "/api/../a",
                "/api/%61",
                "/api/a;b",
                "/admin/**",
                "/**",
                "/api/v1/missions/**",
                "/api/v1/missions/x",
                "/api/v1/usage",
                "/api/v1/usage/**",
                "/api/health/**",
                "/api/v1/keys/self",
                "/api/a b",
                "/API/a"
            })
    void aPatternOutsideTheGrammarOrOnAReservedPathIsRefused(String path) {
        StartRefused refused =
                refusedStart("routes: [ { id: a, path: \"" + path + "\", upstreams: [\"http://h:1\"] } ]");
        assertThat(refused.getMessage()).contains("routes[0].path: " + path);
    }

    @Test
    void linkLocalUpstreamsAreAllowedOnRequest() {
        assertThat(routes(
                                "routes: [ { id: a, path: /api/a, upstreams: [\"http://169.254.1.1\"], allowLinkLocal: true } ]")
                        .all())
                .hasSize(1);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "[]",
                "routes:",
                "routes: []",
                "routes: {}",
                "x",
                "routes: [ {id: a, id: b} ]",
                "routes: [",
                "routes: !!java.net.URL [\"http://h\"]",
                "Authorization: \"Bearer tops3cret"
            })
    void aFileThatHoldsNoRoutesIsRefusedWithoutQuotingIt(String yaml) {
        assertThat(refusedStart(yaml).getMessage()).contains("routes").doesNotContain("tops3cret");
    }

    @Test
    void aMissingFileIsRefusedByName() {
        InvalidRoutes refused = catchThrowableOfType(InvalidRoutes.class, () -> configured("/nowhere/routes.yml"));
        assertThat(refused.getMessage()).contains("/nowhere/routes.yml");
    }

    private Routes routes(String yaml) {
        return new Routes(
                new RouteSource(new RoutesProperties(write(yaml), Duration.ZERO), TestRoutes.NO_CORS, environment),
                new DemoUpstream(JsonMapper.shared()));
    }

    private java.util.List<Route> configured(String file) {
        return new RouteSource(new RoutesProperties(file, Duration.ZERO), TestRoutes.NO_CORS, environment)
                .read()
                .routes();
    }

    private StartRefused refusedStart(String yaml) {
        StartRefused refused = catchThrowableOfType(StartRefused.class, () -> routes(yaml));
        assertThat(refused).isNotNull();
        return refused;
    }

    private String write(String yaml) {
        try {
            return Files.writeString(directory.resolve("routes.yml"), yaml).toString();
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    private static Refused refusal(Routes routes, MockHttpServletRequest request) {
        return catchThrowableOfType(Refused.class, () -> routes.match(request));
    }

    private static MockHttpServletRequest get(String path) {
        return new MockHttpServletRequest("GET", path);
    }
}
