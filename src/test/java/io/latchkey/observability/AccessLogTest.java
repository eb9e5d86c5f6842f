package io.latchkey.observability;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.latchkey.RawClient;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.ExtendWith;
import org.slf4j.LoggerFactory;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@ExtendWith(OutputCaptureExtension.class)
class AccessLogTest {
    private static final JsonMapper JSON = JsonMapper.builder().build();

    private TestFront front;

    @BeforeAll
    void open() {
        front = new TestFront("--LOG_FORMAT=json");
    }

    @AfterAll
    void close() {
        front.close();
    }

    private RawClient.Exchange send(String request) throws IOException {
        return RawClient.exchange(front.port(), request);
    }

    /** Every line of the output must parse; these are the ones of the logger. */
    private static List<JsonNode> lines(CapturedOutput output, String logger) {
        List<JsonNode> lines = new ArrayList<>();
        output.getOut().lines().forEach(line -> {
            JsonNode json = JSON.readTree(line);
            if (logger.equals(json.path("logger").stringValue(""))) {
                lines.add(json);
            }
        });
        return lines;
    }

    private static JsonNode onlyAccess(CapturedOutput output) {
        await().untilAsserted(() -> assertThat(lines(output, "access")).isNotEmpty());
        return assertThat(lines(output, "access")).hasSize(1).actual().getFirst();
    }

    @Test
    void oneLinePerRequestTellsItsWholeOutcome(CapturedOutput output) throws IOException {
        send("""
                POST /api/demo/a?key=query-canary HTTP/1.1\r
                Host: a\r
                X-Correlation-ID: c-1\r
                traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r
                X-API-Key: header-canary\r
                Authorization: Bearer header-canary\r
                Cookie: a=header-canary\r
                User-Agent: probe/1\r
                Content-Length: 11\r
                \r
                body-canary""");
        JsonNode line = onlyAccess(output);
        assertThat(line.path("level").stringValue()).isEqualTo("INFO");
        assertThat(line.path("service").stringValue()).isEqualTo("latchkey");
        assertThat(line.path("time").stringValue()).matches("\\d{4}-\\d\\d-\\d\\dT[0-9:.]+Z");
        assertThat(line.path("correlationId").stringValue()).isEqualTo("c-1");
        assertThat(line.path("traceId").stringValue()).isEqualTo("0af7651916cd43dd8448eb211c80319c");
        assertThat(line.path("keyId").stringValue()).isEqualTo("k1");
        assertThat(line.path("route").stringValue()).isEqualTo("demo");
        assertThat(line.path("pathTemplate").stringValue()).isEqualTo("/api/demo/**");
        assertThat(line.path("method").stringValue()).isEqualTo("POST");
        assertThat(line.path("path").stringValue()).isEqualTo("/api/demo/a");
        assertThat(line.path("status").intValue()).isEqualTo(200);
        assertThat(line.path("requestBytes").intValue()).isEqualTo(11);
        assertThat(line.path("responseBytes").intValue()).isEqualTo(11);
        assertThat(line.path("durationMs").doubleValue()).isPositive();
        assertThat(line.path("upstreamMs").doubleValue()).isEqualTo(1.5);
        assertThat(line.path("client").stringValue()).isEqualTo("127.0.0.1");
        assertThat(line.path("userAgent").stringValue()).isEqualTo("probe/1");
        assertThat(line.has("refusal")).isFalse();
        assertThat(line.has("aborted")).isFalse();
        assertThat(output.getAll()).doesNotContain("canary");
    }

    @Test
    void refusalIsNamed(CapturedOutput output) throws IOException {
        send("GET /api/early HTTP/1.1\r\nHost: a\r\n\r\n");
        JsonNode line = onlyAccess(output);
        assertThat(line.path("status").intValue()).isEqualTo(413);
        assertThat(line.path("refusal").stringValue()).isEqualTo("request-too-large");
        assertThat(line.path("responseBytes").intValue()).isPositive();
    }

    @Test
    void whatTheContainerRefusesHasItsLineToo(CapturedOutput output) throws IOException {
        String id = send("GET /api/..;/x HTTP/1.1\r\nHost: a\r\nX-Correlation-ID: mine\r\n\r\n")
                .only()
                .header("X-Correlation-ID");
        assertThat(id).isEqualTo("mine");
        JsonNode line = onlyAccess(output);
        assertThat(line.path("correlationId").stringValue()).isEqualTo("mine");
        assertThat(line.path("status").intValue()).isEqualTo(400);
        assertThat(line.path("refusal").stringValue()).isEqualTo("bad-request");
        assertThat(line.has("aborted")).isFalse();
    }

    @Test
    void unreadableRequestLineHasItsLineToo(CapturedOutput output) throws IOException {
        send("\u0016\u0003\u0001 nonsense\r\n\r\n");
        JsonNode line = onlyAccess(output);
        assertThat(line.path("status").intValue()).isEqualTo(400);
        assertThat(line.has("path")).isFalse();
    }

    @Test
    void answerCutInTheMiddleIsMarkedAborted(CapturedOutput output) throws IOException {
        send("GET /api/cut HTTP/1.1\r\nHost: a\r\n\r\n");
        JsonNode line = onlyAccess(output);
        assertThat(line.path("status").intValue()).isEqualTo(200);
        assertThat(line.path("aborted").booleanValue()).isTrue();
        assertThat(line.path("refusal").stringValue()).isEqualTo("gateway-fault");
    }

    @Test
    void bugIsLoggedOnceWithItsStackAndTheCorrelationId(CapturedOutput output) throws IOException {
        send("GET /api/bug HTTP/1.1\r\nHost: a\r\nX-Correlation-ID: bug-1\r\n\r\n");
        onlyAccess(output);
        List<JsonNode> errors = lines(output, TrailFilter.class.getName());
        assertThat(errors).hasSize(1);
        assertThat(errors.getFirst().path("correlationId").stringValue()).isEqualTo("bug-1");
        assertThat(errors.getFirst().path("stack").stringValue()).contains("IllegalStateException: secret-detail");
        assertThat(output.getOut().lines().filter(line -> line.contains("secret-detail")))
                .hasSize(1);
    }

    @Test
    void hostileValuesStayOneEscapedLine(CapturedOutput output) throws IOException {
        send("GET /api/%0d%0a%7b HTTP/1.1\r\nHost: a\r\n\r\n");
        send("GET /api/demo?x=%0d%0a HTTP/1.1\r\nHost: a\r\nUser-Agent: " + "u".repeat(7900) + "\r\n\r\n");
        send("GET /api/demo HTTP/1.1\r\nHost: a\r\nUser-Agent: a\u001b[31m\r\n\r\n");
        send("GET /api/demo HTTP/1.1\r\nHost: a\r\nUser-Agent: a\u0000b\r\n\r\n");
        send("GET /api/demo HTTP/1.1\r\nHost: a\r\nUser-Agent: \u00e2\u0080\u00aeevil\u00c2\u0085\"}\r\n\r\n");
        await().untilAsserted(() -> assertThat(lines(output, "access")).hasSize(5));
        for (JsonNode line : lines(output, "access")) {
            assertThat(line.path("userAgent").stringValue("")).hasSizeLessThan(300);
            assertThat(line.path("userAgent").stringValue("")).doesNotContain("\u202e", "\u0085", "\u001b", "\u0000");
        }
    }

    @Test
    void freeTextOfOtherLoggersStaysOneLine(CapturedOutput output) {
        LoggerFactory.getLogger("other").warn("a\r\n{\"level\":\"INFO\"} \u001b[31m \u0000 \u202e");
        await().untilAsserted(() -> assertThat(lines(output, "other")).hasSize(1));
    }

    @Test
    void exemplarOfTheHistogramNamesTheRequest() throws IOException {
        send("""
                GET /api/demo HTTP/1.1\r
                Host: a\r
                X-Correlation-ID: exemplar-1\r
                traceparent: 00-1af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r
                \r
                """);
        String metrics = scrape();
        assertThat(metrics).containsPattern("latchkey_request_seconds_bucket\\{.*route=\"demo\".*} \\d+ # \\{");
        assertThat(metrics).contains("trace_id=\"", "correlation_id=\"", "latchkey_requests_in_flight 0");
        // OpenMetrics has them on buckets and counters alone, and there are Prometheus servers that refuse any other.
        assertThat(metrics).doesNotContainPattern("_(count|sum)(\\{[^}]*})? \\S+ # \\{");
    }

    @Test
    void labelsAreBoundedWhateverTheCallerSends() throws IOException {
        scrape();
        long before = series();
        for (int i = 0; i < 200; i++) {
            RawClient.exchange(front.port(), "GET /mvc/" + i + " HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
            RawClient.exchange(front.port(), "M" + i + " /api/" + i + " HTTP/1.1\r\nHost: a\r\n\r\n");
        }
        assertThat(series() - before).isLessThan(60);
        assertThat(scrape()).contains("route=\"_none\"", "method=\"_other\"", "code=\"not-implemented\"");
    }

    private long series() throws IOException {
        return scrape().lines().filter(line -> line.startsWith("latchkey_")).count();
    }

    private String scrape() throws IOException {
        String raw = RawClient.exchange(
                        front.managementPort(),
                        "GET /actuator/prometheus HTTP/1.0\r\nAccept: application/openmetrics-text;version=1.0.0\r\n\r\n")
                .raw();
        Matcher status = Pattern.compile("HTTP/1\\.1 200").matcher(raw);
        assertThat(status.lookingAt()).isTrue();
        return raw;
    }

    @Test
    void uncaughtExceptionOfAnyThreadIsLoggedAndCounted(CapturedOutput output) throws Exception {
        for (Thread.Builder builder :
                List.of(Thread.ofPlatform(), Thread.ofVirtual().name("virtual-one"))) {
            Thread thread = builder.start(() -> {
                throw new IllegalStateException("nobody caught me");
            });
            thread.join();
        }
        await().untilAsserted(() ->
                assertThat(lines(output, UncaughtExceptions.class.getName())).hasSize(2));
        assertThat(scrape()).contains("latchkey_uncaught_exceptions_total 2");
    }
}
