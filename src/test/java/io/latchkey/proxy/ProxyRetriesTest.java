package io.latchkey.proxy;

import static io.latchkey.proxy.ProxyFailuresTest.assertProblem;
import static org.assertj.core.api.Assertions.assertThat;

import io.latchkey.RawClient;
import java.io.IOException;
import java.net.ServerSocket;
import java.util.Arrays;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ProxyRetriesTest {
    private static final String UNAVAILABLE = "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n";

    private static StubUpstream upstream;
    private static StubUpstream second;
    private static TestGateway gateway;

    @BeforeAll
    static void start() throws IOException {
        upstream = StubUpstream.start();
        second = StubUpstream.start();
        int closedPort;
        try (ServerSocket once = new ServerSocket(0)) {
            closedPort = once.getLocalPort();
        }
        gateway = TestGateway.start("""
                routes:
                  - { id: up, path: /api/up/**, upstreams: ["%1$s"], retry: { delay: 1ms } }
                  - { id: late, path: /api/late, upstreams: ["%1$s"], retry: { delay: 1ms }, timeout: { firstByte: 100ms } }
                  - id: patient
                    path: /api/patient
                    upstreams: ["%1$s"]
                    retry: { delay: 1ms, on: [timeout] }
                    timeout: { firstByte: 100ms }
                  - { id: pair, path: /api/pair, upstreams: ["%1$s", "%2$s"] }
                  - { id: half, path: /api/half, upstreams: ["%1$s", "http://127.0.0.1:%3$d"] }
                """.formatted(upstream.uri(), second.uri(), closedPort));
    }

    @AfterAll
    static void stop() throws IOException {
        gateway.close();
        upstream.close();
        second.close();
    }

    @BeforeEach
    void reset() {
        upstream.reset();
        second.reset();
        TestGateway.later();
        gateway.outcomes().clear();
    }

    @ParameterizedTest
    @CsvSource({"GET, 3", "HEAD, 3", "OPTIONS, 3", "PUT, 3", "DELETE, 3", "POST, 1", "PATCH, 1"})
    void whatMayHaveArrivedIsSentAgainOnlyIfThatIsHarmless(String method, int times) throws IOException {
        upstream.script((request, wire) -> {
            wire.readBody();
            wire.cut();
        });
        var answer = call(method, "/api/up/x", "Content-Length: 3\r\n\r\nabc");
        assertThat(answer.status()).isEqualTo(502);
        assertThat(upstream.received()).hasSize(times).allMatch(StubUpstream.Received::isWhole);
    }

    @Test
    void anIdempotencyKeyMakesAPostHarmless() throws IOException {
        upstream.script((request, wire) -> {
            wire.readBody();
            if (upstream.received().size() < 3) {
                wire.cut();
            } else {
                wire.write(StubUpstream.OK);
            }
        });
        var answer = call("POST", "/api/up/x", "Idempotency-Key: k1\r\nContent-Length: 3\r\n\r\nabc");
        assertThat(answer.status()).isEqualTo(200);
        assertThat(upstream.received()).hasSize(3);
        assertThat(upstream.received()).allMatch(request -> Arrays.equals(request.body(), new byte[] {'a', 'b', 'c'}));
    }

    @ParameterizedTest
    @ValueSource(ints = {502, 503, 504})
    void aTemporaryAnswerIsTriedAgainAndTheLastOnePassesAsItIs(int status) throws IOException {
        upstream.answer("HTTP/1.1 " + status + " No\r\nContent-Length: 2\r\n\r\nno");
        var answer = call("GET", "/api/up/x", "\r\n");
        assertThat(answer.status()).isEqualTo(status);
        assertThat(answer.text()).isEqualTo("no");
        assertThat(upstream.received()).hasSize(3);
        upstream.reset();
        upstream.answer("HTTP/1.1 " + status + " No\r\nContent-Length: 2\r\n\r\nno");
        assertThat(call("POST", "/api/up/x", "Content-Length: 1\r\n\r\na").status())
                .isEqualTo(status);
        assertThat(upstream.received()).hasSize(1);
    }

    @Test
    void aRetryAfterBeyondTheDeadlineIsNotWaitedFor() throws IOException {
        upstream.answer(UNAVAILABLE + "Retry-After: 3600\r\n\r\n");
        var answer = call("GET", "/api/up/x", "\r\n");
        assertThat(answer.status()).isEqualTo(503);
        assertThat(answer.values("Retry-After")).containsExactly("3600");
        assertThat(upstream.received()).hasSize(1);
    }

    @Test
    void aTimeoutIsTriedAgainOnlyIfTheRouteSaysSo() throws IOException {
        upstream.script((request, wire) -> wire.awaitEnd());
        assertProblem(call("GET", "/api/late", "\r\n"), 504, "upstream-timeout");
        assertThat(upstream.received()).hasSize(1);
        upstream.reset();
        upstream.script((request, wire) -> wire.awaitEnd());
        assertProblem(call("GET", "/api/patient", "\r\n"), 504, "upstream-timeout");
        assertThat(upstream.received()).hasSize(3);
    }

    @Test
    void whatPassesThroughIsNeverSentTwice() throws IOException {
        upstream.script((request, wire) -> {
            wire.readChunk();
            wire.cut();
        });
        var answer = call("PUT", "/api/up/x", "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n");
        assertThat(answer.status()).isEqualTo(502);
        // What is left of the body may look like a request to the stub.
        assertThat(upstream.received())
                .extracting(StubUpstream.Received::requestLine)
                .filteredOn(line -> line.startsWith("PUT"))
                .hasSize(1);
    }

    @Test
    void anotherServerIsAskedAtOnce() throws IOException {
        upstream.answer(UNAVAILABLE + "\r\n");
        for (int i = 0; i < 20; i++) {
            TestGateway.later();
            assertThat(call("GET", "/api/pair", "\r\n").text()).isEqualTo("ok");
        }
        assertThat(second.received()).hasSize(20);
    }

    @Test
    void whatNeverLeftIsSentToAnotherServerWhateverItIs() throws IOException {
        for (int i = 0; i < 20; i++) {
            TestGateway.later();
            assertThat(call("POST", "/api/half", "Content-Length: 3\r\n\r\nabc").text())
                    .isEqualTo("ok");
        }
        assertThat(upstream.received()).hasSize(20);
    }

    @Test
    void aConnectionThatWasClosedAsItWasTakenIsReplacedForAGet() throws IOException {
        upstream.script((request, wire) -> {
            if (upstream.received().size() % 2 == 1) {
                wire.write(StubUpstream.OK);
            } else {
                wire.cut();
            }
        });
        assertThat(call("GET", "/api/up/x", "\r\n").text()).isEqualTo("ok");
        assertThat(call("GET", "/api/up/x", "\r\n").text()).isEqualTo("ok");
        assertThat(upstream.received()).hasSize(3);
        upstream.reset();
        upstream.script((request, wire) -> {
            wire.readBody();
            if (upstream.received().size() == 1) {
                wire.write(StubUpstream.OK);
            } else {
                wire.cut();
            }
        });
        assertThat(call("POST", "/api/up/x", "Content-Length: 1\r\n\r\na").text())
                .isEqualTo("ok");
        var unknown = call("POST", "/api/up/x", "Content-Length: 1\r\n\r\na");
        assertProblem(unknown, 502, "upstream-bad-answer");
        assertThat(unknown.text()).contains("whether it acted is unknown");
        assertThat(upstream.received()).hasSize(2);
    }

    private static RawClient.Answer call(String method, String path, String rest) throws IOException {
        return RawClient.call(gateway.port(), method + " " + path + " HTTP/1.1\r\nHost: g\r\n" + rest);
    }
}
