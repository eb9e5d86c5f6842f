package io.latchkey.observability;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.latchkey.Gateway;
import io.latchkey.Gateway.Answer;
import io.latchkey.Gateway.Made;
import io.latchkey.proxy.StubUpstream;
import jakarta.servlet.Filter;
import jakarta.servlet.ServletOutputStream;
import jakarta.servlet.http.HttpServletResponse;
import jakarta.servlet.http.HttpServletResponseWrapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.boot.web.servlet.FilterRegistrationBean;
import org.springframework.context.annotation.Bean;
import org.springframework.core.Ordered;
import tools.jackson.databind.JsonNode;

/** One id leads from the caller's answer to the log, the problem, the metric, the audit, the upstream and Sentry. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@ExtendWith(OutputCaptureExtension.class)
class OneIdTest {
    private static final String TRACE = "0af7651916cd43dd8448eb211c80319c";
    private static final String PARENT = "b7ad6b7169203331";

    private StubUpstream upstream;
    private StubSentry sentry;
    private Gateway gateway;
    private Made key;

    @BeforeAll
    void start(@TempDir Path directory) throws IOException {
        upstream = StubUpstream.start();
        sentry = new StubSentry();
        Path routes = Files.writeString(directory.resolve("routes.yml"), """
                routes:
                  - { id: up, path: /api/up/**, upstreams: [ "%s" ] }
                  - { id: gone, path: /api/gone/**, upstreams: [ "http://127.0.0.1:1" ] }
                """.formatted(upstream.uri()));
        gateway = Gateway.with(
                Planted.class,
                sentry.setting(),
                "--latchkey.routes-file=" + routes,
                "--latchkey.keys.legacy-key=no-demo-key");
        key = gateway.key("");
    }

    @AfterAll
    void stop() throws IOException {
        gateway.close();
        upstream.close();
        sentry.close();
    }

    /** Answers below this path fail in the gateway, once the upstream has answered. */
    static class Planted {
        @Bean
        FilterRegistrationBean<Filter> faultyFilter() {
            FilterRegistrationBean<Filter> filter = new FilterRegistrationBean<>((request, response, chain) ->
                    chain.doFilter(request, new HttpServletResponseWrapper((HttpServletResponse) response) {
                        @Override
                        public ServletOutputStream getOutputStream() {
                            throw new IllegalStateException("planted");
                        }
                    }));
            filter.setOrder(Ordered.HIGHEST_PRECEDENCE + 99);
            filter.addUrlPatterns("/api/up/faulty/*");
            return filter;
        }
    }

    private static JsonNode line(CapturedOutput output, String correlationId) {
        await().until(() -> !lines(output, correlationId).isEmpty());
        return assertThat(lines(output, correlationId)).singleElement().actual();
    }

    private static List<JsonNode> lines(CapturedOutput output, String correlationId) {
        return output.getOut()
                .lines()
                .filter(line -> line.contains("\"access\"") && line.contains('"' + correlationId + '"'))
                .map(Gateway.JSON::readTree)
                .toList();
    }

    private String exemplars() {
        return gateway.actuator("/actuator/prometheus", "Accept", "application/openmetrics-text;version=1.0.0")
                .body();
    }

    @Test
    void theCallersIdAndTraceGoThroughTheWholeHouse(CapturedOutput output) {
        Answer answer = gateway.send(
                "GET",
                "/api/up/x",
                "",
                "X-API-Key",
                key.token(),
                "X-Correlation-ID",
                "given-id-1",
                "traceparent",
                "00-" + TRACE + "-" + PARENT + "-01",
                "tracestate",
                "vendor=1");
        assertThat(answer.headers().allValues("X-Correlation-ID")).containsExactly("given-id-1");
        assertThat(upstream.last().values("X-Correlation-ID")).containsExactly("given-id-1");
        assertThat(upstream.last().values("tracestate")).containsExactly("vendor=1");
        assertThat(upstream.last().values("traceparent"))
                .singleElement()
                .asString()
                .matches("00-" + TRACE + "-[0-9a-f]{16}-01")
                .doesNotContain(PARENT);
        JsonNode line = line(output, "given-id-1");
        assertThat(line.path("traceId").asString()).isEqualTo(TRACE);
        assertThat(line.path("keyId").asString()).isEqualTo(key.id());
        assertThat(line.path("route").asString()).isEqualTo("up");
        assertThat(line.path("status").asInt()).isEqualTo(200);
        assertThat(line.path("upstreamMs").asDouble()).isPositive();
        assertThat(exemplars())
                .containsPattern("route=\"up\"[^\\n]* # \\{[^}]*correlation_id=\"given-id-1\"")
                .containsPattern("route=\"up\"[^\\n]* # \\{[^}]*trace_id=\"" + TRACE + "\"");
    }

    @Test
    void aFaultOfTheGatewayIsFoundByTheSameId(CapturedOutput output) {
        Answer answer =
                gateway.send("GET", "/api/up/faulty/x", "", "X-API-Key", key.token(), "X-Correlation-ID", "faulty-1");
        assertThat(answer.status()).isEqualTo(500);
        assertThat(answer.header("X-Correlation-ID")).isEqualTo("faulty-1");
        assertThat(answer.get("requestId")).isEqualTo("faulty-1");
        assertThat(upstream.last().values("X-Correlation-ID")).containsExactly("faulty-1");
        assertThat(line(output, "faulty-1").path("refusal").asString()).isEqualTo("gateway-fault");
        await().untilAsserted(() -> assertThat(sentry.idsOfEvents()).containsExactly("faulty-1"));
    }

    @Test
    void anIdIsMadeForTheCallerThatHasNone(CapturedOutput output) {
        Answer answer = gateway.send("GET", "/api/up/x", "", "X-API-Key", key.token());
        String id = answer.header("X-Correlation-ID");
        assertThat(id).matches("[0-9a-f]{32}");
        assertThat(upstream.last().values("X-Correlation-ID")).containsExactly(id);
        assertThat(upstream.last().values("traceparent"))
                .singleElement()
                .asString()
                .startsWith("00-" + id + "-");
        assertThat(line(output, id).path("traceId").asString()).isEqualTo(id);
    }

    @Test
    void everyRefusalNamesTheIdOfItsLogLine(CapturedOutput output) {
        for (String path : List.of("/api/up/x", "/api/none", "/admin/keys", "/health/detailed", "/nowhere")) {
            String id = "refused" + path.replace('/', '-');
            Answer answer = gateway.send("GET", path, "", "X-Correlation-ID", id);
            assertThat(answer.header("X-Correlation-ID")).isEqualTo(id);
            assertThat(answer.get("requestId")).isEqualTo(id);
            assertThat(line(output, id).path("refusal").asString()).isEqualTo(answer.get("code"));
        }
        Answer failed =
                gateway.send("GET", "/api/gone/x", "", "X-API-Key", key.token(), "X-Correlation-ID", "failed-1");
        assertThat(failed.get("code")).isEqualTo("upstream-unreachable");
        assertThat(failed.get("requestId")).isEqualTo("failed-1");
        assertThat(line(output, "failed-1").path("refusal").asString()).isEqualTo("upstream-unreachable");
    }

    @Test
    void whatAnOperatorDidIsFoundByTheSameId(CapturedOutput output) {
        gateway.admin("POST", "/admin/keys", "{\"name\":\"x\"}", "X-Correlation-ID", "act-1");
        gateway.admin("DELETE", "/admin/keys/none", "", "X-Correlation-ID", "act-2");
        assertThat(line(output, "act-1").path("status").asInt()).isEqualTo(201);
        assertThat(gateway.admin("GET", "/admin/audit", "").json().at("/items").valueStream())
                .extracting(entry -> entry.path("requestId").asString())
                .contains("act-1", "act-2");
    }

    @Test
    void aHostileIdIsReplacedEverywhere(CapturedOutput output) {
        for (String hostile :
                List.of("x".repeat(7000), "a b", "\"},{\"", "../../etc", "<script>", "a;b", "x".repeat(65))) {
            Answer answer = gateway.send(
                    "GET",
                    "/api/up/x",
                    "",
                    "X-API-Key",
                    key.token(),
                    "X-Correlation-ID",
                    hostile,
                    "User-Agent",
                    hostile.substring(0, Math.min(hostile.length(), 500)));
            String id = answer.header("X-Correlation-ID");
            assertThat(id).matches("[0-9a-f]{32}");
            assertThat(upstream.last().values("X-Correlation-ID")).containsExactly(id);
            assertThat(line(output, id).path("userAgent").asString().length()).isLessThanOrEqualTo(256);
        }
        assertThat(output.getOut().lines()).allSatisfy(line -> Gateway.JSON.readTree(line));
    }
}
