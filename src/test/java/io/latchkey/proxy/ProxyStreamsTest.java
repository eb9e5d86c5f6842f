package io.latchkey.proxy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.latchkey.RawClient;
import io.latchkey.Seed;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ProxyStreamsTest {
    private static final String CHUNKED_POST = "POST /api/up/x HTTP/1.1\r\nHost: g\r\nTransfer-Encoding: chunked\r\n";

    private static final String SWITCHING =
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n";

    private static StubUpstream upstream;
    private static TestGateway gateway;

    @BeforeAll
    static void start() {
        upstream = StubUpstream.start();
        gateway = TestGateway.start("""
                routes: [ { id: up, path: /api/up/**, upstreams: ["%s"], requestSizeLimit: 1GB } ]
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

    /** Neither side reads on while the other does not: only both directions at once can end. */
    @ParameterizedTest
    @ValueSource(ints = {1, 16 * 1024, 16 * 1024 + 1, 1_000_003, 64 * 1024 * 1024})
    void anEchoComesBackByteForByteWhileItIsStillBeingSent(int size) throws IOException {
        upstream.script((request, wire) -> {
            wire.write("HTTP/1.1 200 OK\r\nContent-Length: " + size + "\r\n\r\n");
            wire.echo(size);
        });
        byte[] sent = new byte[size];
        Seed.random().nextBytes(sent);
        try (RawClient client = new RawClient(gateway.port())) {
            client.send("PUT /api/up/x HTTP/1.1\r\nHost: g\r\nContent-Length: " + size + "\r\n\r\n");
            Thread sender = Thread.ofPlatform().start(() -> client.sendAll(sent));
            RawClient.Answer answer = client.receive(false);
            assertThat(Arrays.equals(answer.body(), sent)).as(Seed.said()).isTrue();
            assertThat(sender.isAlive() && !upstream.last().isWhole()).isFalse();
        }
    }

    @Test
    void anUploadKeepsTheConnectionForTheNextRequest() throws IOException {
        upstream.script((request, wire) -> {
            wire.readBody();
            wire.write(StubUpstream.OK);
        });
        for (int i = 0; i < 5; i++) {
            var answer = RawClient.call(
                    gateway.port(),
                    "POST /api/up/x HTTP/1.1\r\nHost: g\r\nContent-Length: 100000\r\n\r\n",
                    new byte[100_000]);
            assertThat(answer.text()).isEqualTo("ok");
        }
        // The answer may be here a moment before the connection is free again.
        assertThat(upstream.connections()).isLessThan(5);
    }

    @Test
    void trailersPassBothWaysButForThoseThatWouldChangeWhatCameBefore() throws IOException {
        upstream.script((request, wire) -> {
            wire.readBody();
            wire.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n");
            wire.write("2\r\nok\r\n0\r\nX-Sum: 42\r\nSet-Cookie: a=b\r\nContent-Length: 9\r\n\r\n");
        });
        try (RawClient client = new RawClient(gateway.port())) {
            client.send(CHUNKED_POST + "\r\n3\r\nabc\r\n0\r\nX-Check: 7\r\nX-Consumer-Id: me\r\n\r\n");
            var answer = client.receive(false);
            assertThat(answer.text()).isEqualTo("ok");
            assertThat(answer.values("Trailer")).containsExactly("X-Sum");
            assertThat(client.trailers()).containsExactly("x-sum: 42");
        }
        assertThat(upstream.last().trailers()).containsExactly("x-check: 7");
    }

    @Test
    void earlyHintsReachTheCallerBeforeTheAnswer() throws IOException {
        String hints = "HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n";
        upstream.answer("HTTP/1.1 100 Continue\r\n\r\n" + hints + StubUpstream.OK);
        try (RawClient client = new RawClient(gateway.port())) {
            client.send("GET /api/up/x HTTP/1.1\r\nHost: g\r\n\r\n");
            assertThat(client.receive(false).text()).isEqualTo("ok");
            assertThat(client.interim()).hasSize(1).allSatisfy(early -> {
                assertThat(early.status()).isEqualTo(103);
                assertThat(early.values("Link")).containsExactly("</a.css>; rel=preload");
            });
        }
    }

    @Test
    void aCallerThatAsksBeforeItSendsIsToldToGoOn() throws IOException {
        upstream.script((request, wire) -> {
            assertThat(request.values("Expect")).isEmpty();
            wire.readBody();
            wire.write(StubUpstream.OK);
        });
        try (RawClient client = new RawClient(gateway.port())) {
            client.send("POST /api/up/x HTTP/1.1\r\nHost: g\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n");
            assertThat(client.receiveHead().status()).isEqualTo(100);
            client.send("abc");
            assertThat(client.receive(false).text()).isEqualTo("ok");
        }
    }

    @Test
    void aWebSocketIsATunnelForAsLongAsBothSidesWant() throws IOException {
        upstream.script((request, wire) -> {
            assertThat(request.values("Upgrade")).containsExactly("websocket");
            assertThat(request.values("Connection")).containsExactly("Upgrade");
            assertThat(request.values("Sec-WebSocket-Key")).containsExactly("dGhlIHNhbXBsZSBub25jZQ==");
            wire.write(SWITCHING);
            wire.write("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\nhello");
            wire.echo(5);
            wire.echo(3);
            wire.end();
        });
        try (RawClient client = new RawClient(gateway.port())) {
            client.send("GET /api/up/ws HTTP/1.1\r\nHost: g\r\nConnection: keep-alive, Upgrade\r\n");
            client.send("Upgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
            RawClient.Head head = client.receiveHead();
            assertThat(head.status()).isEqualTo(101);
            assertThat(head.values("Sec-WebSocket-Accept")).containsExactly("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
            assertThat(client.receiveBytes(5)).isEqualTo("hello");
            client.send("12345");
            assertThat(client.receiveBytes(5)).isEqualTo("12345");
            client.send("678");
            assertThat(client.receiveBytes(3)).isEqualTo("678");
            assertThat(client.receiveToEnd()).isEmpty();
        }
        await().until(() -> upstream.openConnections() == 0);
    }

    @Test
    void aWebSocketCallerThatLeavesEndsTheUpstreamsSide() throws IOException {
        upstream.script((request, wire) -> {
            wire.write(SWITCHING + "\r\n");
            wire.awaitEnd();
        });
        for (int i = 0; i < 10; i++) {
            try (RawClient client = new RawClient(gateway.port())) {
                client.send("GET /api/up/ws HTTP/1.1\r\nHost: g\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
                assertThat(client.receiveHead().status()).isEqualTo(101);
            }
        }
        await().until(() -> upstream.openConnections() == 0);
    }

    @Test
    void noOtherProtocolIsLetThrough() throws IOException {
        for (String protocol : List.of("h2c", "TLS/1.0", "websocket, h2c")) {
            var answer = RawClient.call(
                    gateway.port(),
                    "GET /api/up/x HTTP/1.1\r\nHost: g\r\nConnection: Upgrade\r\nUpgrade: " + protocol + "\r\n\r\n");
            assertThat(answer.status()).isEqualTo(200);
            assertThat(upstream.last().values("Upgrade")).isEmpty();
        }
    }
}
