package io.latchkey.observability;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.latchkey.RawClient;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class FrontDoorTest {
    private TestFront front;

    @BeforeAll
    void open() {
        front = new TestFront("--latchkey.front-door.header-timeout=1s", "--latchkey.front-door.idle-timeout=2s");
    }

    @AfterAll
    void close() {
        front.close();
    }

    @BeforeEach
    void forget() {
        front.probe().seen.clear();
    }

    private RawClient.Exchange send(String request) throws IOException {
        return RawClient.exchange(front.port(), request);
    }

    @Test
    void pipelinedRequestsAreAnsweredInOrder() throws IOException {
        StringBuilder requests = new StringBuilder();
        for (int i = 0; i < 150; i++) {
            requests.append("GET /api/demo/").append(i).append(" HTTP/1.1\r\nHost: a\r\n\r\n");
        }
        List<String> bodies = send(requests.toString()).answers().stream()
                .map(RawClient.Answer::text)
                .toList();
        assertThat(bodies)
                .isEqualTo(
                        IntStream.range(0, 150).mapToObj(i -> "/api/demo/" + i).toList());
    }

    @Test
    void everyAnswerCarriesTheSecurityHeadersAndNoServerName() throws IOException {
        for (String path : List.of("/api/demo", "/api/bug", "/mvc/nothing", "/api/..;/x")) {
            RawClient.Answer answer =
                    send("GET " + path + " HTTP/1.1\r\nHost: a\r\n\r\n").only();
            assertThat(answer.header("Strict-Transport-Security"))
                    .isEqualTo("max-age=63072000; includeSubDomains; preload");
            assertThat(answer.header("X-Content-Type-Options")).isEqualTo("nosniff");
            assertThat(answer.header("X-Frame-Options")).isEqualTo("DENY");
            assertThat(answer.header("Referrer-Policy")).isEqualTo("strict-origin-when-cross-origin");
            assertThat(answer.header("Permissions-Policy")).isEqualTo("camera=(), microphone=(), geolocation=()");
            assertThat(answer.header("Content-Security-Policy"))
                    .isEqualTo("default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'");
            assertThat(answer.header("Server")).isNull();
            assertThat(answer.header("X-Powered-By")).isNull();
        }
    }

    @Test
    void validCorrelationIdIsKeptAndAnyOtherReplaced() throws IOException {
        assertThat(correlationId("X-Correlation-ID: abc-1.2_X\r\n")).isEqualTo("abc-1.2_X");
        for (String bad : List.of(
                "X-Correlation-ID: a b\r\n",
                "X-Correlation-ID: \r\n",
                "X-Correlation-ID: " + "a".repeat(65) + "\r\n",
                "X-Correlation-ID: a\"}{\r\n",
                "X-Correlation-ID: a\r\nX-Correlation-ID: b\r\n")) {
            assertThat(correlationId(bad)).matches("[0-9a-f]{32}");
        }
    }

    private String correlationId(String headers) throws IOException {
        String id = send("GET /api/demo HTTP/1.1\r\nHost: a\r\n" + headers + "\r\n")
                .only()
                .header("X-Correlation-ID");
        return id == null ? "" : id;
    }

    @Test
    void traceIsContinuedOnlyFromOneValidTraceparent() throws IOException {
        String trace = "0af7651916cd43dd8448eb211c80319c";
        String good = "00-" + trace + "-b7ad6b7169203331-01";
        assertThat(traceparent("traceparent: " + good + "\r\n"))
                .startsWith("00-" + trace + "-")
                .endsWith("-01")
                .isNotEqualTo(good);
        for (String bad : List.of(
                "00-" + trace.toUpperCase(java.util.Locale.ROOT) + "-b7ad6b7169203331-01",
                "00-" + "0".repeat(32) + "-b7ad6b7169203331-01",
                "00-" + trace + "-0000000000000000-01",
                "ff-" + trace + "-b7ad6b7169203331-01",
                good + "-extra",
                good + "\r\ntraceparent: " + good)) {
            assertThat(traceparent("traceparent: " + bad + "\r\n"))
                    .matches("00-[0-9a-f]{32}-[0-9a-f]{16}-00")
                    .doesNotContain(trace);
        }
        assertThat(traceparent("traceparent: cc-" + trace + "-b7ad6b7169203331-01-what\r\n"))
                .contains(trace);
    }

    private String traceparent(String headers) throws IOException {
        String echo = send("GET /api/demo HTTP/1.1\r\nHost: a\r\n" + headers + "\r\n")
                .only()
                .header("X-Echo-Traceparent");
        return echo == null ? "" : echo;
    }

    @Test
    void bugIsAnsweredAsGatewayFaultWithoutItsSecret() throws IOException {
        RawClient.Answer answer =
                send("GET /api/bug HTTP/1.1\r\nHost: a\r\n\r\n").only();
        assertThat(answer.status()).isEqualTo(500);
        assertThat(answer.text()).contains("\"gateway-fault\"").doesNotContain("secret-detail", "Exception");
    }

    @Test
    void problemInPlaceOfAnAnswerThatHadBegunSaysNothingOfThatAnswersBody() throws IOException {
        RawClient.Answer answer =
                send("GET /api/half HTTP/1.1\r\nHost: a\r\n\r\n").only();
        assertThat(answer.status()).isEqualTo(500);
        assertThat(answer.header("Content-Encoding")).isNull();
        assertThat(answer.header("ETag")).isNull();
        assertThat(answer.text()).startsWith("{\"type\":\"/problems/gateway-fault\"");
    }

    @Test
    void unknownMvcPathIsAProblem() throws IOException {
        RawClient.Exchange exchange = send("GET /mvc/nothing HTTP/1.1\r\nHost: a\r\n\r\n");
        assertThat(exchange.only().status()).isEqualTo(404);
        assertThat(exchange.only().header("Content-Type")).isEqualTo("application/problem+json");
        assertThat(exchange.only().text()).contains("\"resource-not-found\"", "\"instance\":\"/mvc/nothing\"");
        assertThat(exchange.closed()).isFalse();
    }

    @Test
    void brokenAnswerIsAbortedNeverEndedCleanly() throws IOException {
        RawClient.Exchange exchange = send("GET /api/cut HTTP/1.1\r\nHost: a\r\n\r\n");
        assertThat(exchange.closed()).isTrue();
        assertThat(exchange.raw()).contains("Transfer-Encoding: chunked").doesNotEndWith("0\r\n\r\n");
    }

    @Test
    void slowHeaderIsRefusedAtItsDeadlineThoughBytesKeepComing() throws Exception {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), front.port())) {
            socket.setSoTimeout(200);
            var out = socket.getOutputStream();
            out.write("GET /api/demo HTTP/1.1\r\nHost: a\r\n".getBytes(UTF_8));
            byte[] answer = new byte[4096];
            int read = -2;
            for (int i = 0; i < 60 && read == -2; i++) {
                try {
                    read = socket.getInputStream().read(answer);
                } catch (java.net.SocketTimeoutException e) {
                    out.write(("X-" + i + ": a\r\n").getBytes(UTF_8));
                }
            }
            assertThat(new String(answer, 0, Math.max(0, read), UTF_8))
                    .startsWith("HTTP/1.1 408 ")
                    .contains("application/problem+json", "\"request-timeout\"", "X-Correlation-ID");
        }
        assertThat(front.probe().seen).isEmpty();
    }

    @Test
    void bodyThatStopsIsRefusedAndNeverCompleteBehindTheDoor() throws IOException {
        RawClient.Exchange exchange = send("POST /api/demo HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc");
        assertThat(exchange.only().status()).isEqualTo(408);
        assertThat(exchange.closed()).isTrue();
        assertThat(front.probe().seen).singleElement().matches(seen -> !seen.complete());
    }

    @Test
    void bodyIsTooSlowOnlyAfterItsGrace() {
        assertThat(SlowBody.tooSlow(1, 9_000_000_000L, 256)).isFalse();
        assertThat(SlowBody.tooSlow(1, 11_000_000_000L, 256)).isTrue();
        assertThat(SlowBody.tooSlow(256 * 11, 11_000_000_000L, 256)).isFalse();
    }

    @Test
    void earlyRefusalIsReadableByACallerThatIsStillSending() throws IOException {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), front.port())) {
            socket.setSoTimeout(10_000);
            var out = socket.getOutputStream();
            out.write("POST /api/early HTTP/1.1\r\nHost: a\r\nContent-Length: 200000000\r\n\r\n".getBytes(UTF_8));
            byte[] block = new byte[65536];
            boolean refusedToRead = false;
            for (int sent = 0; sent < 50_000_000 && !refusedToRead; sent += block.length) {
                try {
                    out.write(block);
                } catch (IOException e) {
                    refusedToRead = true;
                }
            }
            byte[] answer = socket.getInputStream().readNBytes(20);
            assertThat(new String(answer, UTF_8)).startsWith("HTTP/1.1 413 ");
        }
    }

    @Test
    void forwardedAddressOfAStrangerIsIgnored() throws IOException {
        send("GET /api/demo HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 6.6.6.6\r\nX-Forwarded-Proto: https\r\n\r\n");
        assertThat(front.probe().seen)
                .singleElement()
                .matches(seen -> seen.client().equals("127.0.0.1") && !seen.secure());
    }

    @Test
    void actuatorPortIsAsStrict() throws IOException {
        int port = front.managementPort();
        for (String path : List.of("/actuator/..;/env", "/actuator/%2e%2e/x", "//actuator")) {
            RawClient.Answer answer = RawClient.exchange(port, "GET " + path + " HTTP/1.1\r\nHost: a\r\n\r\n")
                    .only();
            assertThat(answer.status()).isEqualTo(400);
            assertThat(answer.header("Content-Type")).isEqualTo("application/problem+json");
        }
        for (String path : List.of("/actuator/env", "/actuator/heapdump", "/actuator/loggers", "/nothing", "/error")) {
            RawClient.Answer answer = RawClient.exchange(port, "GET " + path + " HTTP/1.1\r\nHost: a\r\n\r\n")
                    .only();
            assertThat(answer.status()).as(path).isEqualTo(404);
            assertThat(answer.header("Content-Type")).isEqualTo("application/problem+json");
            assertThat(answer.header("X-Frame-Options")).isEqualTo("DENY");
        }
        for (String path : List.of("/actuator/health/liveness", "/actuator/health/readiness", "/actuator/info")) {
            assertThat(RawClient.exchange(port, "GET " + path + " HTTP/1.1\r\nHost: a\r\n\r\n")
                            .only()
                            .status())
                    .isEqualTo(200);
        }
    }

    @Test
    void endpointsOfTheActuatorAreNotOnTheFrontDoor() throws IOException {
        assertThat(send("GET /mvc/../actuator/health HTTP/1.1\r\nHost: a\r\n\r\n")
                        .only()
                        .status())
                .isEqualTo(400);
    }
}
