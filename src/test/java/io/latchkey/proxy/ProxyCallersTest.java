package io.latchkey.proxy;

import static io.latchkey.proxy.ProxyFailuresTest.assertProblem;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.latchkey.RawClient;
import io.latchkey.problems.Refusal;
import io.latchkey.problems.Refused;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ProxyCallersTest {
    private static final String CHUNKED_POST =
            "POST /api/up/x HTTP/1.1\r\nHost: g\r\nTransfer-Encoding: chunked\r\n\r\n";

    private static StubUpstream upstream;
    private static TestGateway gateway;

    @BeforeAll
    static void start() {
        upstream = StubUpstream.start();
        gateway = TestGateway.start("""
                routes:
                  - { id: up, path: /api/up/**, upstreams: ["%1$s"], requestSizeLimit: 1MB }
                  - { id: quick, path: /api/quick/**, upstreams: ["%1$s"], timeout: { firstByte: 300ms, total: 900ms } }
                """.formatted(upstream.uri()));
    }

    @AfterAll
    static void stop() throws IOException {
        gateway.close();
        upstream.close();
    }

    @BeforeEach
    void reset() {
        upstream.reset();
        gateway.outcomes().clear();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "3\r\nabc\r\nzz\r\n",
                "3\r\nabc\r\n-1\r\n",
                "3\r\nabcdef\r\n0\r\n\r\n",
                "3\r\nabc\r\n0\r\nbad trailer\r\n\r\n",
            })
    void aMalformedBodyIs400AndTheUpstreamNeverSeesItEnd(String chunks) throws IOException {
        upstream.script((request, wire) -> {
            wire.readBody();
            wire.write(StubUpstream.OK);
        });
        var answer = RawClient.call(gateway.port(), CHUNKED_POST + chunks);
        assertThat(answer.status()).isEqualTo(400);
        await().until(() -> upstream.openConnections() == 0);
        assertThat(upstream.received()).noneMatch(StubUpstream.Received::isWhole);
    }

    @Test
    void aCallerThatLeavesInTheMiddleOfItsBodyAbortsTheRequest() throws IOException {
        for (String begun : List.of(
                CHUNKED_POST + "3\r\nabc\r\n",
                "POST /api/up/x HTTP/1.1\r\nHost: g\r\nContent-Length: 100000\r\n\r\nabc")) {
            upstream.reset();
            try (RawClient client = new RawClient(gateway.port())) {
                client.send(begun);
                await().until(() -> upstream.received().size() == 1);
                client.cut();
            }
            await().until(() -> upstream.aborted() == 1 && upstream.openConnections() == 0);
            assertThat(upstream.last().isWhole()).isFalse();
        }
    }

    @Test
    void aSmallBodyHoldsNoUpstreamWhileItIsComing() throws IOException {
        try (RawClient client = new RawClient(gateway.port())) {
            client.send("POST /api/up/x HTTP/1.1\r\nHost: g\r\nContent-Length: 10\r\n\r\nabc");
            client.cut();
        }
        await().until(() -> gateway.outcomes().size() == 1);
        assertThat(upstream.received()).isEmpty();
    }

    @Test
    void aChunkedBodyOverTheLimitIs413AndTheUpstreamNeverSeesItEnd() throws IOException {
        try (RawClient client = new RawClient(gateway.port())) {
            client.send(CHUNKED_POST + "100001\r\n");
            client.send(new byte[0x100001]);
            assertProblem(client.receive(false), 413, "request-too-large");
        }
        await().until(() -> upstream.openConnections() == 0);
        assertThat(upstream.received()).noneMatch(StubUpstream.Received::isWhole);
    }

    @Test
    void aBodyThatComesTooSlowlyIs408AndHoldsNoUpstream() throws IOException {
        try (RawClient client = new RawClient(gateway.port())) {
            client.send("POST /api/quick/x HTTP/1.1\r\nHost: g\r\nContent-Length: 10\r\n\r\nabc");
            assertProblem(client.receive(false), 408, "request-timeout");
        }
        await().until(() -> upstream.openConnections() == 0);
        assertThat(upstream.received()).noneMatch(StubUpstream.Received::isWhole);
    }

    @Test
    void aCallerThatLeavesEndsTheUpstreamCall() throws IOException {
        upstream.script((request, wire) -> {
            wire.write("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n");
            while (true) {
                wire.write("data: x\n\n");
            }
        });
        for (int i = 0; i < 20; i++) {
            try (RawClient client = new RawClient(gateway.port())) {
                client.send("GET /api/up/x HTTP/1.1\r\nHost: g\r\n\r\n");
                client.receiveHead();
                client.cut();
            }
        }
        await().until(() ->
                upstream.openConnections() == 0 && gateway.outcomes().size() == 20);
        assertThat(gateway.outcomes()).allMatch(outcome -> outcome instanceof IOException);
    }

    @Test
    void aCallerThatDoesNotReadHoldsNoUpstreamBeyondTheDeadline() throws IOException {
        upstream.script((request, wire) -> {
            wire.write("HTTP/1.1 200 OK\r\n\r\n");
            while (true) {
                wire.write(new byte[100_000]);
            }
        });
        try (RawClient client = new RawClient(gateway.port())) {
            client.send("GET /api/quick/x HTTP/1.1\r\nHost: g\r\n\r\n");
            client.receiveHead();
            await().until(() -> upstream.openConnections() == 0);
            await().until(() -> gateway.outcomes().size() == 1);
        }
        assertThat(((Refused) gateway.outcomes().remove()).refusal()).isEqualTo(Refusal.REQUEST_TIMEOUT);
    }
}
