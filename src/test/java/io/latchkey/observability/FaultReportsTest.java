package io.latchkey.observability;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.latchkey.Gateway;
import io.latchkey.Gateway.Answer;
import io.latchkey.Gateway.Made;
import io.latchkey.proxy.StubUpstream;
import jakarta.servlet.Filter;
import jakarta.servlet.http.HttpServletRequest;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.boot.web.servlet.FilterRegistrationBean;
import org.springframework.context.annotation.Bean;
import org.springframework.core.Ordered;
import tools.jackson.databind.JsonNode;

/** Sentry hears of the gateway's own faults, once each, and of nothing that a caller said. */
@ExtendWith(OutputCaptureExtension.class)
class FaultReportsTest {
    private static final String FAULTY = "/api/v1/keys/self";
    private static final String TRACE = "0af7651916cd43dd8448eb211c80319c";

    private StubSentry sentry;

    /** Stands behind the walk of a path of our own, and fails with all that it knows of the request. */
    static class Planted {
        @Bean
        FilterRegistrationBean<Filter> faultyFilter() {
            FilterRegistrationBean<Filter> filter = new FilterRegistrationBean<>((request, response, chain) -> {
                HttpServletRequest http = (HttpServletRequest) request;
                String body = new String(http.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
                Throwable cause = new IOException("redis://latchkey:canary-p@ss@redis.internal:6379 is gone, for "
                        + http.getRequestURL() + "?" + http.getQueryString());
                throw new IllegalStateException(
                        "cannot serve X-API-Key: " + http.getHeader("X-API-Key") + ", Authorization: "
                                + http.getHeader("Authorization") + ", X-Strange: " + http.getHeader("X-Strange")
                                + ", body " + body,
                        cause);
            });
            filter.setOrder(Ordered.HIGHEST_PRECEDENCE + 101);
            filter.addUrlPatterns(FAULTY + "/*");
            return filter;
        }
    }

    @BeforeEach
    void open() {
        sentry = new StubSentry();
    }

    @AfterEach
    void close() throws IOException {
        sentry.close();
    }

    private Gateway gateway(String... more) {
        List<String> settings = new ArrayList<>(
                List.of(sentry.setting(), "--latchkey.sentry.environment=staging", "--latchkey.keys.node-id=node-7"));
        settings.addAll(List.of(more));
        return Gateway.with(Planted.class, settings.toArray(String[]::new));
    }

    private static Answer fail(Gateway gateway, String token, String id) {
        return gateway.send("GET", FAULTY, "", "X-API-Key", token, "X-Correlation-ID", id);
    }

    @Test
    void aFaultIsOneEventWithItsIdsAndWithoutAnythingThatTheCallerSaid() {
        try (Gateway gateway = gateway()) {
            Made key = gateway.key("");
            Answer answer = gateway.send(
                    "POST",
                    FAULTY + "/" + key.token() + "?a=canary-query&key=" + key.token(),
                    "{\"token\":\"" + key.token() + "\",\"password\":\"canary-body\"}",
                    "X-API-Key",
                    key.token(),
                    "Authorization",
                    "Bearer canary-bearer",
                    "Cookie",
                    "session=canary-cookie",
                    "X-Strange",
                    key.token(),
                    "User-Agent",
                    "canary-agent",
                    "X-Correlation-ID",
                    "fault-1",
                    "traceparent",
                    "00-" + TRACE + "-b7ad6b7169203331-01");
            assertThat(answer.get("code")).isEqualTo("gateway-fault");
            assertThat(answer.get("requestId")).isEqualTo("fault-1");
            // One sender, in order: with the second there is nothing left of the first.
            fail(gateway, key.token(), "fault-2");
            await().until(() -> sentry.idsOfEvents().contains("fault-2"));
            assertThat(sentry.idsOfEvents()).containsExactly("fault-1", "fault-2");

            JsonNode event = sentry.items("event").getFirst();
            assertThat(event.at("/tags").propertyNames())
                    .containsExactlyInAnyOrder("correlation_id", "trace_id", "route", "key_id", "node");
            assertThat(event.at("/tags/trace_id").asString()).isEqualTo(TRACE);
            assertThat(event.at("/contexts/trace/trace_id").asString()).isEqualTo(TRACE);
            assertThat(event.at("/tags/route").asString()).isEqualTo("latchkey:v1-keys-self");
            assertThat(event.at("/tags/key_id").asString()).isEqualTo(key.id());
            assertThat(event.at("/tags/node").asString()).isEqualTo("node-7");
            assertThat(event.path("environment").asString()).isEqualTo("staging");
            assertThat(event.path("release").asString()).startsWith("latchkey@");
            assertThat(event.at("/exception/values").valueStream())
                    .extracting(exception -> exception.path("type").asString())
                    .containsExactly("IOException", "IllegalStateException");
            assertThat(event.at("/exception/values/1/stacktrace/frames").size()).isPositive();
            assertThat(event.at("/exception/values/1/value").asString())
                    .startsWith("cannot serve X-API-Key: ***, Authorization: *** ***, X-Strange: lk_***");
            for (String absent : List.of("request", "user", "breadcrumbs", "server_name", "extra", "modules")) {
                assertThat(event.has(absent)).as(absent).isFalse();
            }
            String secret = key.token().substring(key.token().lastIndexOf('_') + 1);
            for (StubUpstream.Received envelope : sentry.server().received()) {
                assertThat(envelope.requestLine()).isEqualTo("POST /api/42/envelope/ HTTP/1.1");
                assertThat(envelope.head() + StubSentry.unzipped(envelope)).doesNotContain("canary", secret, "p@ss");
            }
        }
    }

    @Test
    void whatIsRefusedIsNoEventButAThreadThatDiesIs(@TempDir Path directory) throws Exception {
        Path routes = Files.writeString(directory.resolve("routes.yml"), """
                routes:
                  - { id: gone, path: /api/gone/**, access: public, upstreams: [ "http://127.0.0.1:1" ] }
                """);
        try (Gateway gateway = gateway("--latchkey.routes-file=" + routes)) {
            assertThat(gateway.send("GET", FAULTY, "").status()).isEqualTo(401);
            assertThat(gateway.send("GET", "/api/none", "").status()).isEqualTo(404);
            assertThat(gateway.send("GET", "/api/gone/x", "").status()).isEqualTo(502);
            assertThat(gateway.admin("POST", "/admin/keys", "nonsense").status())
                    .isEqualTo(400);
            Thread.ofVirtual()
                    .start(() -> {
                        throw new IllegalStateException("nobody caught me");
                    })
                    .join();
            await().until(() -> !sentry.items("event").isEmpty());
            assertThat(sentry.items("event"))
                    .singleElement()
                    .extracting(event -> event.at("/exception/values/0/value").asString())
                    .isEqualTo("nobody caught me");
            assertThat(sentry.items("transaction")).isEmpty();
        }
    }

    @Test
    void withoutADsnNothingIsSaidToAnybody(CapturedOutput output) {
        try (Gateway gateway = gateway("--latchkey.sentry.dsn=")) {
            assertThat(fail(gateway, gateway.key("").token(), "fault-3").status())
                    .isEqualTo(500);
            assertThat(gateway.bean(SentryLink.class).isOpen()).isFalse();
            assertThat(gateway.bean(FaultReports.class).isStarted()).isFalse();
            assertThat(sentry.server().connections()).isZero();
            assertThat(output.getAll()).doesNotContainIgnoringCase("sentry.dsn", "io.sentry");
        }
    }

    @Test
    void aSentryThatHangsHoldsUpNeitherRequestsNorTheStop(CapturedOutput output) {
        sentry.server().script((request, wire) -> wire.awaitEnd());
        try (Gateway gateway = gateway()) {
            String token = gateway.key("").token();
            for (int i = 0; i < 150; i++) {
                assertThat(fail(gateway, token, "fault-" + i).status()).isEqualTo(500);
            }
            // All are answered, more than the queue holds, while the first event still waits for its answer.
            await().until(() -> sentry.server().received().size() == 1);
            assertThat(sentry.server().connections()).isEqualTo(1);
            long began = System.nanoTime();
            gateway.bean(SentryLink.class).close();
            assertThat(TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - began)).isLessThan(2000);
        }
        assertThat(output.getAll()).doesNotContain("io.sentry", "SentryAsync");
    }

    @Test
    void aPartOfTheRequestsIsTimedForSentryWhenItIsAskedFor() {
        try (Gateway gateway = gateway("--latchkey.sentry.traces-sample-rate=1")) {
            Made key = gateway.key("");
            gateway.send(
                    "GET",
                    "/api/demo/canary-path?a=canary-query",
                    "",
                    "X-API-Key",
                    key.token(),
                    "traceparent",
                    "00-" + TRACE + "-b7ad6b7169203331-00");
            await().until(() -> !sentry.items("transaction").isEmpty());
            assertThat(sentry.items("transaction")).hasSize(1);
            JsonNode transaction = sentry.items("transaction").getFirst();
            assertThat(transaction.path("transaction").asString()).isEqualTo("/api/demo/**");
            assertThat(transaction.at("/contexts/trace/trace_id").asString()).isEqualTo(TRACE);
            assertThat(transaction.at("/contexts/trace/parent_span_id").asString())
                    .isEqualTo("b7ad6b7169203331");
            assertThat(transaction.at("/tags/key_id").asString()).isEqualTo(key.id());
            assertThat(transaction.path("timestamp").asDouble())
                    .isGreaterThan(transaction.path("start_timestamp").asDouble());
            assertThat(transaction.path("spans")).singleElement().satisfies(call -> {
                assertThat(call.path("op").asString()).isEqualTo("http.client");
                assertThat(call.path("parent_span_id").asString())
                        .isEqualTo(transaction.at("/contexts/trace/span_id").asString());
            });
            assertThat(StubSentry.unzipped(sentry.server().last())).doesNotContain("canary", key.token());
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "latchkey.sentry.dsn=nonsense",
                "latchkey.sentry.traces-sample-rate=2",
                "latchkey.tracing.otlp-endpoint=collector:4318",
                "latchkey.tracing.otlp-headers=nonsense",
                "latchkey.tracing.sample-rate=-1"
            })
    void aValueThatCannotBeMeantStopsTheStartByName(String setting) {
        assertThatThrownBy(() -> Gateway.start("--" + setting).close())
                .hasStackTraceContaining(setting.substring(0, setting.indexOf('=')) + " must be");
    }
}
