package io.latchkey.compression;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.aayushatharva.brotli4j.decoder.BrotliInputStream;
import io.latchkey.Gateway;
import io.latchkey.RawClient;
import io.latchkey.RawClient.Answer;
import io.latchkey.proxy.StubUpstream;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a caller gets that can read Brotli or gzip, and what everybody else gets. */
class CompressionTest {
    private static final long MEMORY = 6 * 1024 * 1024;
    private static final String JSON_TYPE = "Content-Type: application/json\r\n";
    private static final byte[] JSON = json(500_000);

    @TempDir
    private static Path directory;

    private static StubUpstream upstream;
    private static Gateway gateway;

    @BeforeAll
    static void start() throws IOException {
        upstream = StubUpstream.start();
        Path routes = Files.writeString(directory.resolve("routes.yml"), """
                routes:
                  - { id: up, path: /api/up/**, access: public, upstreams: ["%1$s"] }
                  - { id: plain, path: /api/plain, access: public, upstreams: ["%1$s"], compression: false }
                """.formatted(upstream.uri()));
        gateway = Gateway.start(
                "--latchkey.routes-file=" + routes,
                "--latchkey.compression.memory=6MB",
                // The stub drops its connections between tests.
                "--latchkey.wire.check-after-idle=0s",
                "--latchkey.rate-limiting.disabled=true");
    }

    @AfterAll
    static void stop() throws IOException {
        gateway.close();
        upstream.close();
    }

    @BeforeEach
    void reset() {
        upstream.reset();
    }

    @AfterEach
    void nothingIsHeld() {
        await().until(() -> gateway.bean(Encoders.class).room() == MEMORY);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            nullValues = "none",
            value = {
                "none | none",
                "'' | none",
                "br | br",
                "gzip | gzip",
                "x-gzip | gzip",
                "gzip, deflate, br, zstd | br",
                "GZIP;Q=1.0, BR;q=0.9 | gzip",
                "br;q=0.5,gzip;q=0.5 | br",
                "br;q=0, gzip | gzip",
                "* | br",
                "*;q=0.1, br;q=0 | gzip",
                "*;q=0 | none",
                "identity | none",
                "identity, gzip;q=0.5 | none",
                "identity;q=0.2, gzip;q=0.5 | gzip",
                "identity;q=0, gzip;q=0.1 | gzip",
                "gzip;q=high, br;level=3 | none",
                "gzip;q=2 | none",
                "gzipped, brotli, ;;,,=, | none",
                "deflate, zstd | none",
            })
    void theCallerGetsTheCodingItLikesBest(@Nullable String accepted, @Nullable String coding) throws IOException {
        upstream.answer(answer(JSON_TYPE, JSON));
        Answer answer = get(accepted);
        assertThat(answer.values("Content-Encoding")).isEqualTo(coding == null ? List.of() : List.of(coding));
        assertThat(answer.values("Vary")).containsExactly("Accept-Encoding");
        assertThat(answer.clean()).isTrue();
        assertThat(decoded(answer)).isEqualTo(JSON);
    }

    @Test
    void aLongListIsReadToItsEnd() throws IOException {
        upstream.answer(answer(JSON_TYPE, JSON));
        assertThat(get(",".repeat(4000) + "br;q=0" + " ,".repeat(1000) + "gzip").values("Content-Encoding"))
                .containsExactly("gzip");
    }

    @ParameterizedTest
    @ValueSource(strings = {"br", "gzip"})
    void halfAMegabyteOfJsonLeavesInFiftyKilobytes(String coding) throws IOException {
        upstream.answer(answer(JSON_TYPE, JSON));
        double before = counted(coding, "out");
        Answer answer = get(coding);
        assertThat(answer.body()).hasSizeLessThanOrEqualTo(50_000);
        // The container may say the length of what it could hold back whole; never that of the upstream's body.
        assertThat(answer.values("Content-Length")).doesNotContain(Integer.toString(JSON.length));
        assertThat(decoded(answer)).isEqualTo(JSON);
        await().untilAsserted(
                        () -> assertThat(counted(coding, "out") - before).isEqualTo((double) answer.body().length));
    }

    @ParameterizedTest
    @CsvSource({
        "application/json; charset=utf-8, true",
        "APPLICATION/JSON, true",
        "text/html, true",
        "text/csv, true",
        "application/problem+json, true",
        "image/svg+xml, true",
        "application/wasm, true",
        "text/event-stream, false",
        "Text/Event-Stream;charset=utf-8, false",
        "image/png, false",
        "application/zip, false",
        "application/octet-stream, false",
        "video/mp4, false",
        "json, false",
    })
    void onlyTextIsCompressed(String type, boolean compressed) throws IOException {
        upstream.answer(answer("Content-Type: " + type + "\r\n", JSON));
        Answer answer = get("br, gzip");
        assertThat(answer.values("Content-Encoding")).isEqualTo(compressed ? List.of("br") : List.of());
        assertThat(answer.values("Vary")).hasSize(compressed ? 1 : 0);
        assertThat(decoded(answer)).isEqualTo(JSON);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "Content-Encoding: zstd",
                "Cache-Control: public, No-Transform",
                "Content-Digest: sha-256=:AAAA:",
            })
    void whatForbidsItIsNotCompressed(String header) throws IOException {
        String raw = answer(JSON_TYPE + "ETag: \"v1\"\r\n" + header + "\r\n", JSON);
        upstream.answer(raw);
        Answer answer = get("br, gzip");
        assertThat(answer.body()).isEqualTo(JSON);
        assertThat(answer.values("ETag")).containsExactly("\"v1\"");
        assertThat(answer.values("Vary")).isEmpty();
        assertThat(answer.values("Content-Length")).containsExactly(Integer.toString(JSON.length));
    }

    @Test
    void partsAndEmptyAnswersStayAsTheyAre() throws IOException {
        upstream.answer("HTTP/1.1 206 Partial Content\r\n" + JSON_TYPE + "Content-Range: bytes 0-1999/9999\r\n"
                + "Content-Length: 2000\r\n\r\n" + "x".repeat(2000));
        assertThat(get("br").body()).hasSize(2000);
        upstream.answer("HTTP/1.1 204 No Content\r\n" + JSON_TYPE + "\r\n");
        assertThat(get("br").values("Content-Encoding")).isEmpty();
        upstream.answer("HTTP/1.1 200 OK\r\n" + JSON_TYPE + "Content-Length: 0\r\n\r\n");
        assertThat(get("br").values("Content-Length")).containsExactly("0");
    }

    @Test
    void smallAnswersAreCompressedOnlyForACallerThatRefusesThemPlain() throws IOException {
        upstream.answer(answer(JSON_TYPE, json(800)));
        assertThat(get("gzip").values("Content-Encoding")).isEmpty();
        assertThat(get("gzip").values("Vary")).isEmpty();
        assertThat(get("gzip, identity;q=0").values("Content-Encoding")).containsExactly("gzip");
        upstream.answer("HTTP/1.1 200 OK\r\n" + JSON_TYPE + "Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n");
        Answer unknown = get("gzip");
        assertThat(unknown.values("Content-Encoding")).containsExactly("gzip");
        assertThat(new String(decoded(unknown), StandardCharsets.UTF_8)).isEqualTo("{}");
        upstream.answer("HTTP/1.1 200 OK\r\n" + JSON_TYPE + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n");
        for (String coding : new String[] {"br", "gzip"}) {
            assertThat(decoded(get(coding))).isEmpty();
        }
    }

    @Test
    void brotliIsForAnswersThatAreWorthIt() throws IOException {
        upstream.answer(answer(JSON_TYPE, json(4000)));
        assertThat(get("gzip, br").values("Content-Encoding")).containsExactly("gzip");
        assertThat(get("gzip;q=0.9, br").values("Content-Encoding")).containsExactly("br");
        assertThat(get("br").values("Content-Encoding")).containsExactly("br");
        Answer head = call("HEAD", "/api/up/x", "Accept-Encoding: gzip, br\r\n");
        assertThat(head.values("Content-Encoding")).containsExactly("gzip");
    }

    @Test
    void theHeadSaysWhatTheBodyIs() throws IOException {
        upstream.answer(
                answer(JSON_TYPE + "ETag: \"v1\"\r\nVary: Origin\r\nVary: Accept\r\nAccept-Ranges: bytes\r\n", JSON));
        Answer answer = get("br");
        assertThat(answer.values("ETag")).containsExactly("W/\"v1\"");
        assertThat(answer.values("Vary")).containsExactly("Origin, Accept, Accept-Encoding");
        assertThat(answer.values("Accept-Ranges")).isEmpty();
        Answer plain = get(null);
        assertThat(plain.values("ETag")).containsExactly("\"v1\"");
        assertThat(plain.values("Vary")).containsExactly("Origin, Accept, Accept-Encoding");
        assertThat(plain.values("Content-Length")).containsExactly(Integer.toString(JSON.length));
        upstream.answer(answer(JSON_TYPE + "ETag: W/\"v2\"\r\nVary: *\r\n", JSON));
        assertThat(get("br").values("ETag")).containsExactly("W/\"v2\"");
        assertThat(get("br").values("Vary")).containsExactly("*");
        upstream.answer(answer(JSON_TYPE + "Vary: accept-encoding\r\n", JSON));
        assertThat(get("br").values("Vary")).containsExactly("accept-encoding");
    }

    @Test
    void aStoredAnswerIsConfirmedUnderTheTagItCameWith() throws IOException {
        upstream.answer("HTTP/1.1 304 Not Modified\r\nETag: \"v1\"\r\n\r\n");
        Answer compressed = call("GET", "/api/up/x", "Accept-Encoding: br\r\nIf-None-Match: W/\"v1\"\r\n");
        assertThat(compressed.status()).isEqualTo(304);
        assertThat(compressed.values("ETag")).containsExactly("W/\"v1\"");
        assertThat(compressed.values("Vary")).containsExactly("Accept-Encoding");
        assertThat(call("GET", "/api/up/x", "If-None-Match: \"v1\"\r\n").values("ETag"))
                .containsExactly("\"v1\"");
    }

    @Test
    void headSaysTheSameAsGet() throws IOException {
        upstream.script((request, wire) -> {
            boolean head = request.requestLine().startsWith("HEAD");
            String whole = answer(JSON_TYPE + "ETag: \"v1\"\r\n", JSON);
            wire.write(head ? whole.substring(0, whole.indexOf("\r\n\r\n") + 4) : whole);
        });
        for (String accepted : new String[] {"br", "gzip", "identity"}) {
            Answer get = get(accepted);
            Answer head = call("HEAD", "/api/up/x", "Accept-Encoding: " + accepted + "\r\n");
            assertThat(head.values("Content-Length")).isSubsetOf(get.values("Content-Length"));
            for (String name : new String[] {"Content-Encoding", "ETag", "Vary", "Content-Type"}) {
                assertThat(head.values(name)).as(name).isEqualTo(get.values(name));
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"br", "gzip"})
    void eachPieceCanBeReadBeforeTheNextIsSent(String coding) throws IOException {
        CountDownLatch read = new CountDownLatch(1);
        upstream.script((request, wire) -> {
            wire.write("HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\n");
            wire.write("Transfer-Encoding: chunked\r\n\r\n8\r\n{\"a\":1}\n\r\n");
            awaitQuietly(read);
            wire.write("8\r\n{\"b\":2}\n\r\n0\r\n\r\n");
        });
        try (RawClient client = new RawClient(gateway.port())) {
            client.send("GET /api/up/x HTTP/1.1\r\nHost: g\r\nAccept-Encoding: " + coding + "\r\n\r\n");
            assertThat(client.receiveHead().values("Content-Encoding")).containsExactly(coding);
            InputStream decoder = decoder(coding, new Chunks(client));
            for (char c : "{\"a\":1}\n".toCharArray()) {
                assertThat(decoder.read()).isEqualTo(c);
            }
            read.countDown();
            assertThat(new String(decoder.readAllBytes(), StandardCharsets.UTF_8))
                    .isEqualTo("{\"b\":2}\n");
        } finally {
            read.countDown();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"br", "gzip"})
    void halfAnAnswerNeverLooksWhole(String coding) throws IOException {
        upstream.script((request, wire) -> {
            wire.write("HTTP/1.1 200 OK\r\n" + JSON_TYPE + "Content-Length: " + JSON.length + "\r\n\r\n");
            wire.write(Arrays.copyOf(JSON, JSON.length / 2));
            wire.cut();
        });
        Answer answer = get(coding);
        assertThat(answer.clean()).isFalse();
        assertThatThrownBy(() -> decoded(answer)).isInstanceOf(IOException.class);
    }

    @Test
    void aCallerThatLeavesFreesWhatItsAnswerHeld() throws IOException {
        upstream.script((request, wire) -> {
            wire.write("HTTP/1.1 200 OK\r\n" + JSON_TYPE + "Transfer-Encoding: chunked\r\n\r\n");
            // Until the gateway hangs up, which it does when its caller has.
            while (true) {
                wire.write("400\r\n" + "x".repeat(1024) + "\r\n");
            }
        });
        try (RawClient client = new RawClient(gateway.port())) {
            client.send("GET /api/up/x HTTP/1.1\r\nHost: g\r\nAccept-Encoding: br\r\n\r\n");
            client.receiveHead();
            assertThat(client.receiveChunk()).isNotEmpty();
            assertThat(gateway.bean(Encoders.class).room()).isLessThan(MEMORY);
            client.cut();
        }
        nothingIsHeld();
    }

    @Test
    void withoutRoomForBrotliItIsGzipAndWithoutAnyItIsPlain() throws IOException {
        CountDownLatch end = new CountDownLatch(1);
        upstream.script((request, wire) -> {
            wire.write("HTTP/1.1 200 OK\r\n" + JSON_TYPE + "Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n");
            awaitQuietly(end);
            wire.write("0\r\n\r\n");
        });
        // 6 MB: two of Brotli, then four of gzip.
        String[] expected = {"br", "br", "gzip", "gzip", "gzip", "gzip", ""};
        List<RawClient> clients = new ArrayList<>();
        try {
            for (String coding : expected) {
                RawClient client = new RawClient(gateway.port());
                clients.add(client);
                client.send("GET /api/up/x HTTP/1.1\r\nHost: g\r\nAccept-Encoding: gzip, br\r\n\r\n");
                assertThat(String.join("", client.receiveHead().values("Content-Encoding")))
                        .isEqualTo(coding);
            }
        } finally {
            end.countDown();
            for (RawClient client : clients) {
                client.close();
            }
        }
    }

    @Test
    void aRouteMayForbidIt() throws IOException {
        upstream.answer(answer(JSON_TYPE, JSON));
        Answer answer = call("GET", "/api/plain", "Accept-Encoding: br\r\n");
        assertThat(answer.body()).isEqualTo(JSON);
        assertThat(answer.values("Vary")).isEmpty();
    }

    @Test
    void problemsAreNeverCompressed() throws IOException {
        upstream.script((request, wire) -> wire.cut());
        Answer problem = get("br");
        assertThat(problem.status()).isEqualTo(502);
        assertThat(problem.values("Content-Encoding")).isEmpty();
        assertThat(problem.text()).contains("upstream-bad-answer");
    }

    @Test
    void aBombPassesUnopenedInBothDirections() throws IOException {
        byte[] bomb = bomb();
        upstream.script((request, wire) -> {
            wire.readBody();
            wire.write("HTTP/1.1 200 OK\r\n" + JSON_TYPE + "Content-Encoding: gzip\r\nContent-Length: " + bomb.length
                    + "\r\n\r\n");
            wire.write(bomb);
        });
        Answer answer = RawClient.call(
                gateway.port(),
                "POST /api/up/x HTTP/1.1\r\nHost: g\r\nContent-Type: application/json\r\nContent-Encoding: gzip\r\n"
                        + "Accept-Encoding: br\r\nContent-Length: " + bomb.length + "\r\n\r\n",
                bomb);
        assertThat(upstream.last().body()).isEqualTo(bomb);
        assertThat(upstream.last().values("Content-Encoding")).containsExactly("gzip");
        assertThat(answer.values("Content-Encoding")).containsExactly("gzip");
        assertThat(answer.body()).isEqualTo(bomb);
    }

    /** A gigabyte of nothing in a megabyte. */
    private static byte[] bomb() throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (GZIPOutputStream gzip = new GZIPOutputStream(bytes)) {
            byte[] nothing = new byte[1024 * 1024];
            for (int i = 0; i < 1024; i++) {
                gzip.write(nothing);
            }
        }
        return bytes.toByteArray();
    }

    private static byte[] json(int size) {
        StringBuilder json = new StringBuilder("[");
        for (int i = 0; json.length() < size; i++) {
            json.append("{\"id\":").append(i).append(",\"name\":\"Item ").append(i * 7919L % 1000);
            json.append("\",\"description\":\"Part of the catalogue of this season\",\"inStock\":true,\"price\":");
            json.append(i % 97).append("},\n");
        }
        return json.toString().getBytes(StandardCharsets.UTF_8);
    }

    private static String answer(String headers, byte[] body) {
        return "HTTP/1.1 200 OK\r\n" + headers + "Content-Length: " + body.length + "\r\n\r\n"
                + new String(body, StandardCharsets.ISO_8859_1);
    }

    private static Answer get(@Nullable String accepted) throws IOException {
        return call("GET", "/api/up/x", accepted == null ? "" : "Accept-Encoding: " + accepted + "\r\n");
    }

    private static Answer call(String method, String path, String headers) throws IOException {
        return RawClient.call(gateway.port(), method + " " + path + " HTTP/1.1\r\nHost: g\r\n" + headers + "\r\n");
    }

    private static byte[] decoded(Answer answer) throws IOException {
        List<String> coding = answer.values("Content-Encoding");
        return coding.isEmpty()
                ? answer.body()
                : decoder(coding.getFirst(), new ByteArrayInputStream(answer.body()))
                        .readAllBytes();
    }

    private static InputStream decoder(String coding, InputStream in) throws IOException {
        if (coding.equals("gzip")) {
            return new GZIPInputStream(in, 1);
        }
        BrotliInputStream brotli = new BrotliInputStream(in);
        brotli.enableEagerOutput();
        return brotli;
    }

    private static double counted(String coding, String side) {
        String line = "latchkey_compression_bytes_total{coding=\"" + coding + "\",side=\"" + side + "\"} ";
        return gateway.actuator("/actuator/prometheus")
                .body()
                .lines()
                .filter(each -> each.startsWith(line))
                .mapToDouble(each -> Double.parseDouble(each.substring(line.length())))
                .sum();
    }

    private static void awaitQuietly(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** The chunks of an answer as they come. */
    private static final class Chunks extends InputStream {
        private final RawClient client;
        private ByteArrayInputStream chunk = new ByteArrayInputStream(new byte[0]);

        Chunks(RawClient client) {
            this.client = client;
        }

        @Override
        public int read() throws IOException {
            int next = chunk.read();
            if (next < 0) {
                byte[] more = client.receiveChunk();
                chunk = new ByteArrayInputStream(more);
                next = chunk.read();
            }
            return next;
        }

        @Override
        public int read(byte[] bytes, int offset, int length) throws IOException {
            int next = read();
            if (next < 0) {
                return -1;
            }
            bytes[offset] = (byte) next;
            return 1;
        }
    }
}
