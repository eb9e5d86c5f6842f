package io.latchkey.usage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.latchkey.Gateway;
import io.latchkey.Gateway.Answer;
import io.latchkey.Gateway.Made;
import io.latchkey.Seed;
import io.latchkey.proxy.StubUpstream;
import io.latchkey.routes.Route.Metering;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Tokens are read from answers of AI services as they pass, and priced. */
class TokenUsageTest {
    private static StubUpstream upstream;
    private static Gateway gateway;
    private Made key;

    @BeforeAll
    static void start(@TempDir Path directory) throws IOException {
        upstream = StubUpstream.start();
        Path routes = Files.writeString(directory.resolve("routes.yml"), """
                routes:
                  - id: ai
                    path: /api/ai/**
                    upstreams: ["%1$s"]
                    usage: { tokens: /usage/total_tokens, model: /model, pricePerThousand: 0.002, prices: { large: 0.03 } }
                  - id: kept
                    path: /api/kept/**
                    upstreams: ["%1$s"]
                    cache: { ttl: 60s }
                    usage: { tokens: /usage/total_tokens }
                """.formatted(upstream.uri()));
        gateway = Gateway.frozen("--latchkey.routes-file=" + routes);
    }

    @AfterAll
    static void stop() throws IOException {
        gateway.close();
        upstream.close();
    }

    @BeforeEach
    void makeKey() {
        key = gateway.key("");
    }

    private void answers(String contentType, String body) {
        upstream.script((request, wire) -> wire.write("HTTP/1.1 200 OK\r\nContent-Type: " + contentType
                + "\r\nContent-Length: " + body.getBytes(StandardCharsets.UTF_8).length + "\r\n\r\n" + body));
    }

    private Answer call(String path) {
        return gateway.send("GET", path, "", "X-API-Key", key.token(), "Accept-Encoding", "gzip");
    }

    private void assertUsed(long requests, long tokens, String cost) {
        await().untilAsserted(() -> assertThat(usage().get("totals.requests")).isEqualTo(Long.toString(requests)));
        assertThat(usage().get("totals.tokens")).isEqualTo(Long.toString(tokens));
        assertThat(new BigDecimal(usage().get("totals.costEst"))).isEqualByComparingTo(cost);
    }

    private Answer usage() {
        return gateway.admin("GET", "/admin/usage?key=" + key.id(), "");
    }

    @Test
    void tokensOfAJsonAnswerAreCountedAndPricedByItsModel() {
        String large = """
                {"id": 7, "model": "large", "choices": [{"usage": {"total_tokens": 1}, "text": "\\"total_tokens\\": 2"}],
                 "usage": {"prompt_tokens": 900, "total_tokens": 1500, "total_tokens_details": {"total_tokens": 3}}}""";
        answers("application/json; charset=utf-8", large);
        assertThat(call("/api/ai/x").body()).isEqualTo(large);
        answers("application/json", "{\"usage\":{\"total_tokens\":500},\"model\":\"small\"}");
        call("/api/ai/x");
        // 1500 at 0.03 and 500 at 0.002 for a thousand.
        assertUsed(2, 2000, "0.046");
        String metrics = gateway.actuator("/actuator/prometheus").body();
        assertThat(metrics)
                .contains("latchkey_tokens_total{model=\"large\",route=\"ai\"}")
                .contains("token_usage_cost_est{model=\"_other\",route=\"ai\"}")
                .doesNotContain("small");
        assertThat(upstream.last().head()).doesNotContainIgnoringCase("accept-encoding");
    }

    @Test
    void ofAStreamTheLastEventThatSaysSoCounts() {
        answers("text/event-stream", """
                data: {"model":"large","usage":null}

                event: delta
                data: {"model":"large","usage":{"total_tokens":10}}

                : {"usage":{"total_tokens":99}}
                id: {"usage":{"total_tokens":98}}

                data: {"model":"large",
                data: "usage":{"total_tokens":40}}

                data: [DONE]

                """);
        call("/api/ai/x");
        assertUsed(1, 40, "0.0012");
    }

    @Test
    void whatComesFromTheCacheTookNone() {
        answers("application/json", "{\"usage\":{\"total_tokens\":12}}");
        call("/api/kept/" + key.id());
        assertThat(call("/api/kept/" + key.id()).header("Cache-Status")).contains("hit");
        assertUsed(2, 12, "0");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"usage\":{}}",
                "{\"usage\":{\"total_tokens\":\"many\"}}",
                "{\"usage\":{\"total_tokens\":-5}}",
                "{\"usage\":[{\"total_tokens\":5}]}",
                "{\"other\":{\"usage\":{\"total_tokens\":5}}}",
                "]]]}}}:,{\"usage",
                "not json at all"
            })
    void whatAnAnswerDoesNotSayIsNotCounted(String body) {
        answers("application/json", body);
        assertThat(call("/api/ai/x").body()).isEqualTo(body);
        assertUsed(1, 0, "0");
    }

    @Test
    void answerInPiecesIsReadAsOne() {
        byte[] body =
                "{\"text\":\"a \\\\ \\\" } , [ \\u0041\",\"list\":[1,[2,{}],{\"usage\":{\"total_tokens\":1}}],\"usage\":{\"total_tokens\":77 } }"
                        .getBytes(StandardCharsets.UTF_8);
        Random random = Seed.random();
        for (int i = 0; i < 1000; i++) {
            TokenScan scan = new TokenScan(new Metering("/usage/total_tokens", null, BigDecimal.ONE, Map.of()));
            scan.begin("application/json");
            for (int from = 0; from < body.length; ) {
                int length = Math.min(body.length - from, 1 + random.nextInt(5));
                scan.read(body, from, length);
                from += length;
            }
            assertThat(scan.count()).as(Seed.said()).isEqualTo(77);
        }
    }

    @Test
    void anElementOfAListCanBePointedTo() {
        TokenScan scan = new TokenScan(new Metering("/usage/1/tokens", null, BigDecimal.ONE, Map.of()));
        scan.begin("application/json");
        byte[] body = "{\"usage\":[{\"tokens\":1},{\"tokens\":2},{\"tokens\":3}]}".getBytes(StandardCharsets.UTF_8);
        scan.read(body, 0, body.length);
        assertThat(scan.count()).isEqualTo(2);
    }
}
