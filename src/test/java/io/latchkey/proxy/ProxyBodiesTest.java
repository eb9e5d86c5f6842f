package io.latchkey.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import io.latchkey.RawClient;
import io.latchkey.Seed;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ProxyBodiesTest {
    private static StubUpstream upstream;
    private static TestGateway gateway;

    @BeforeAll
    static void start() {
        upstream = StubUpstream.start();
        gateway = TestGateway.start("""
                routes:
                  - { id: up, path: /api/up/**, upstreams: ["%s"], stripPrefix: /api/up }
                  - { id: small, path: /api/small, upstreams: ["%s"], requestSizeLimit: 1KB }
                """.formatted(upstream.uri(), upstream.uri()));
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

    @Test
    void aRequestWithoutBodyStaysWithout() throws IOException {
        RawClient.call(gateway.port(), "GET /api/up/x HTTP/1.1\r\nHost: g\r\n\r\n");
        assertThat(upstream.last().names()).doesNotContain("content-length", "transfer-encoding");
    }

    @Test
    void answersKeepTheirFraming() throws IOException {
        Random random = Seed.random();
        for (int size : new int[] {0, 1, 16_384, 33_000, 8 * 1024 * 1024}) {
            byte[] body = new byte[size];
            random.nextBytes(body);
            upstream.script((request, wire) -> {
                wire.write("HTTP/1.1 200 OK\r\nContent-Length: " + size + "\r\nContent-Encoding: gzip\r\n\r\n");
                wire.write(body);
            });
            var answer = get("/api/up/x");
            assertThat(answer.values("Content-Length")).containsExactly(Integer.toString(size));
            assertThat(answer.values("Content-Encoding")).containsExactly("gzip");
            assertThat(answer.clean() && Arrays.equals(answer.body(), body))
                    .as(Seed.said())
                    .isTrue();

            upstream.script((request, wire) -> {
                wire.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
                wire.write(chunked(body, random));
            });
            answer = get("/api/up/x");
            if (size > 100_000) {
                assertThat(answer.values("Transfer-Encoding")).containsExactly("chunked");
            }
            assertThat(answer.clean() && Arrays.equals(answer.body(), body))
                    .as(Seed.said())
                    .isTrue();

            upstream.script((request, wire) -> {
                wire.write("HTTP/1.1 200 OK\r\n\r\n");
                wire.write(body);
                wire.end();
            });
            answer = get("/api/up/x");
            assertThat(answer.clean() && Arrays.equals(answer.body(), body))
                    .as(Seed.said())
                    .isTrue();
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "HEAD | 200 OK\\r\\nContent-Length: 5000 | 200 | 5000",
                "HEAD | 200 OK\\r\\nTransfer-Encoding: chunked | 200 |",
                "HEAD | 404 Not Found\\r\\nContent-Length: 0 | 404 | 0",
                "GET | 204 No Content | 204 |",
                "GET | 304 Not Modified\\r\\nETag: \"x\"\\r\\nContent-Length: 17 | 304 | 17",
                "GET | 304 Not Modified\\r\\nETag: \"x\" | 304 |",
                "OPTIONS | 204 No Content\\r\\nAllow: GET | 204 |",
                "POST | 201 Created\\r\\nContent-Length: 0 | 201 | 0",
            })
    void answersWithoutBodyHaveNone(String method, String head, int status, String length) throws IOException {
        upstream.answer("HTTP/1.1 " + head.replace("\\r\\n", "\r\n") + "\r\n\r\n");
        try (RawClient client = new RawClient(gateway.port())) {
            for (int i = 0; i < 3; i++) {
                client.send(method + " /api/up/x HTTP/1.1\r\nHost: g\r\n\r\n");
                var answer = client.receive(method.equals("HEAD"));
                assertThat(answer.status()).isEqualTo(status);
                assertThat(answer.values("Content-Length")).isEqualTo(length == null ? List.of() : List.of(length));
            }
        }
        assertThat(upstream.connections()).isEqualTo(1);
    }

    @Test
    void eachPieceOfAnEventStreamReachesTheCallerBeforeTheNextIsMade() throws Exception {
        CountDownLatch headSeen = new CountDownLatch(1);
        CountDownLatch firstSeen = new CountDownLatch(1);
        upstream.script((request, wire) -> {
            wire.write("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n");
            await(headSeen);
            wire.write("9\r\ndata: 1\n\n\r\n");
            await(firstSeen);
            wire.write("9\r\ndata: 2\n\n\r\n0\r\n\r\n");
        });
        try (RawClient client = new RawClient(gateway.port())) {
            client.send("GET /api/up/events HTTP/1.1\r\nHost: g\r\n\r\n");
            assertThat(client.receiveHead().values("Content-Type")).containsExactly("text/event-stream");
            headSeen.countDown();
            assertThat(client.receiveChunk()).asString().isEqualTo("data: 1\n\n");
            firstSeen.countDown();
            assertThat(client.receiveChunk()).asString().isEqualTo("data: 2\n\n");
            assertThat(client.receiveChunk()).isEmpty();
        }
    }

    @Test
    void eachPieceOfAnUploadReachesTheUpstreamBeforeTheNextIsMade() throws Exception {
        CountDownLatch firstSeen = new CountDownLatch(1);
        upstream.script((request, wire) -> {
            assertThat(wire.readChunk()).asString().isEqualTo("one");
            firstSeen.countDown();
            assertThat(wire.readChunk()).asString().isEqualTo("two");
            assertThat(wire.readChunk()).isEmpty();
            wire.write(StubUpstream.OK);
        });
        try (RawClient client = new RawClient(gateway.port())) {
            client.send("POST /api/up/x HTTP/1.1\r\nHost: g\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n");
            await(firstSeen);
            client.send("3\r\ntwo\r\n0\r\n\r\n");
            assertThat(client.receive(false).status()).isEqualTo(200);
        }
    }

    @Test
    void aBodyDeclaredTooLargeIsRefusedBeforeTheUpstreamIsContacted() throws IOException {
        var answer = RawClient.call(
                gateway.port(), "POST /api/small HTTP/1.1\r\nHost: g\r\nContent-Length: 1025\r\n\r\n", new byte[1025]);
        assertThat(answer.status()).isEqualTo(413);
        assertThat(answer.text()).contains("request-too-large", "1024");
        assertThat(upstream.connections()).isZero();
        assertThat(RawClient.call(
                                gateway.port(),
                                "POST /api/small HTTP/1.1\r\nHost: g\r\nContent-Length: 1024\r\n\r\n",
                                new byte[1024])
                        .status())
                .isEqualTo(200);
    }

    @Test
    void aLargeRefusedUploadStillReadsItsRefusal() throws IOException {
        var answer = RawClient.call(
                gateway.port(),
                "POST /api/small HTTP/1.1\r\nHost: g\r\nContent-Length: 3000000\r\nExpect: 100-continue\r\n\r\n");
        assertThat(answer.status()).isEqualTo(413);
    }

    private static RawClient.Answer get(String path) throws IOException {
        return RawClient.call(gateway.port(), "GET " + path + " HTTP/1.1\r\nHost: g\r\n\r\n");
    }

    private static byte[] chunked(byte[] body, Random random) throws IOException {
        ByteArrayOutputStream chunks = new ByteArrayOutputStream();
        for (int at = 0; at < body.length; ) {
            int size = Math.min(body.length - at, 1 + random.nextInt(40_000));
            chunks.write((Integer.toHexString(size) + "\r\n").getBytes(StandardCharsets.US_ASCII));
            chunks.write(body, at, size);
            chunks.write("\r\n".getBytes(StandardCharsets.US_ASCII));
            at += size;
        }
        chunks.write("0\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
        return chunks.toByteArray();
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }
}
