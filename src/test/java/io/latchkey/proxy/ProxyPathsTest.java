package io.latchkey.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import io.latchkey.RawClient;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class ProxyPathsTest {
    private static final List<String> EVIL = List.of(
            "..",
            ".",
            "%2e%2e",
            "%2E%2e",
            ".%2e",
            "..;",
            "..;x=y",
            ";",
            "x;y=z",
            "%2f",
            "%2F..%2F",
            "%5c",
            "\\",
            "..\\",
            "%00",
            "%0d%0aX-Evil:%201",
            "%09",
            "%7f",
            "%252e%252e",
            "%252f",
            "%25%32%65",
            "%c0%ae%c0%ae",
            "%",
            "%2",
            "%zz",
            "%u002e",
            "",
            "/",
            "%ff",
            "\u00e9",
            "..%00",
            "..%3b",
            "%3b",
            "%2e%2e%2fpublic",
            "%ef%bc%8e%ef%bc%8e",
            "%e3%80%82",
            "a%20b",
            "%7Euser",
            "%41",
            "...",
            "~",
            "public",
            "*",
            "@",
            "a:b",
            "+",
            "%2B",
            "%23",
            "%3f");

    private static StubUpstream upstream;
    private static TestGateway gateway;

    @BeforeAll
    static void start() {
        upstream = StubUpstream.start();
        gateway = TestGateway.start("""
                routes:
                  - { id: public, path: /api/public/**, upstreams: ["%1$s/public"], stripPrefix: /api/public, access: public }
                  - { id: secret, path: /api/secret/**, upstreams: ["%1$s/secret"], stripPrefix: /api/secret }
                  - { id: deep, path: /api/public/deep/**, upstreams: ["%1$s/deep"], stripPrefix: /api/public/deep }
                """.formatted(upstream.uri()));
    }

    @AfterAll
    static void stop() throws IOException {
        gateway.close();
        upstream.close();
    }

    @Test
    void noSpellingOfAPathIsMatchedAsOneRouteAndForwardedAsAnother() throws IOException {
        List<String> paths = new ArrayList<>();
        for (String route : List.of("public", "secret", "public/deep")) {
            for (String evil : EVIL) {
                paths.add("/api/" + route + "/" + evil);
                paths.add("/api/" + route + "/" + evil + "/x");
                paths.add("/api/" + route + "/x/" + evil + "/secret/x");
                paths.add("/api/" + route + evil + "/x");
                paths.add("/api/" + evil + "/" + route + "/x");
                paths.add("/" + evil + "/api/" + route + "/x");
            }
        }
        for (String path : paths) {
            upstream.reset();
            var answer =
                    RawClient.call(gateway.port(), "GET " + path + " HTTP/1.1\r\nHost: g\r\nConnection: close\r\n\r\n");
            if (upstream.received().isEmpty()) {
                // 401: what the container itself resolves to a path outside /api is none of the routes' business.
                assertThat(answer.status()).as(path).isIn(400, 401, 404);
                continue;
            }
            String target = upstream.last().target();
            String matched = target.substring(0, target.indexOf('/', 1));
            assertThat(answer.status()).as(path).isEqualTo(200);
            // What a lenient upstream would make of it stays below the base path of the route that was matched.
            assertThat(target)
                    .as(path)
                    .doesNotContainIgnoringCase("//", "\\", ";", "%2f", "%5c", "%00", "%2e", "%0d", "%0a");
            assertThat(target).as(path).doesNotMatch(".*/\\.{1,2}(/.*)?");
            assertThat(matched).as(path).isIn("/public", "/secret", "/deep");
            assertThat(upstream.last().names()).doesNotContain("x-evil");
            assertThat(upstream.last().values("X-Consumer-Id").isEmpty())
                    .as(path)
                    .isEqualTo(matched.equals("/public"));
        }
    }

    @Test
    void onlyOneRequestLineIsEverSent() throws IOException {
        RawClient.call(gateway.port(), "GET /api/public/x?a=%0d%0aGET%20/%20HTTP/1.1 HTTP/1.1\r\nHost: g\r\n\r\n");
        assertThat(upstream.last().requestLine()).isEqualTo("GET /public/x?a=%0d%0aGET%20/%20HTTP/1.1 HTTP/1.1");
    }

    @Test
    void theDemoRouteWalksThroughTheWholeHouse() throws IOException {
        try (TestGateway demo = TestGateway.start("")) {
            var answer = RawClient.call(
                    demo.port(),
                    "PUT /api/demo/%61?q=1&r=%20 HTTP/1.1\r\nHost: g\r\nX-API-Key: secret\r\nX-A: 1\r\nX-A: 2\r\n"
                            + "Content-Length: 5\r\n\r\nhello");
            assertThat(answer.status()).isEqualTo(200);
            assertThat(answer.text()).doesNotContain("secret");
            JsonNode received = JsonMapper.shared().readTree(answer.body());
            assertThat(received.get("method").asString()).isEqualTo("PUT");
            assertThat(received.get("path").asString()).isEqualTo("/api/demo/a");
            assertThat(received.get("query").asString()).isEqualTo("q=1&r=%20");
            assertThat(received.get("bodyBytes").asInt()).isEqualTo(5);
            assertThat(received.get("headers").get("X-A")).hasSize(2);
            assertThat(received.get("headers").get("X-Consumer-Id").asString()).isEqualTo("key1");
            assertThat(received.get("headers").get("X-Correlation-ID").asString())
                    .isEqualTo(TestGateway.CORRELATION_ID);
        }
    }
}
