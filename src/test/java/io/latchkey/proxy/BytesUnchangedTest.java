package io.latchkey.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import io.latchkey.Gateway;
import io.latchkey.RawClient;
import io.latchkey.Seed;
import java.io.BufferedOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.security.DigestOutputStream;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.SplittableRandom;
import java.util.concurrent.Semaphore;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What one side sends the other gets, byte for byte: through the whole gateway, between two real sockets. */
class BytesUnchangedTest {
    private static final int KIB = 1024;
    private static final int MIB = 1024 * KIB;
    /** Where some buffer on the way ends: of the container, the proxy, the wire, the cache. */
    private static final List<Integer> BOUNDARIES = List.of(4 * KIB, 8 * KIB, 16 * KIB, 32 * KIB, 64 * KIB, MIB);

    private static final String BOUNDARY_CHARS =
            "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'()+_,-./:=?";

    private static StubUpstream upstream;
    private static Gateway gateway;
    private final Random random = Seed.random();

    @BeforeAll
    static void start() throws IOException {
        upstream = StubUpstream.start();
        gateway = Gateway.start(
                "--latchkey.routes-file="
                        + Files.writeString(Files.createTempFile("routes", ".yml"), """
                        routes:
                          - { id: up, path: /api/up/**, access: public, upstreams: ["%1$s"], stripPrefix: /api/up, requestSizeLimit: 100MB }
                          - { id: kept, path: /api/kept/**, access: public, upstreams: ["%1$s"], stripPrefix: /api/kept, requestSizeLimit: 100MB,
                              cache: { ttl: 60s, methods: [GET, POST], largest: 64KB } }
                        """.formatted(upstream.uri())),
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

    /** A random body: made anew from its seed each time that it is needed, never kept. */
    private record Body(long seed, int size) {
        void write(OutputStream to, boolean chunked) throws IOException {
            SplittableRandom random = new SplittableRandom(seed);
            OutputStream out = new BufferedOutputStream(to, 64 * KIB);
            for (int left = size; left > 0; ) {
                byte[] piece = new byte[Math.min(left, 1 + random.nextInt(40_000))];
                random.nextBytes(piece);
                if (chunked) {
                    out.write(ascii(Integer.toHexString(piece.length) + "\r\n"));
                }
                out.write(piece);
                if (chunked) {
                    out.write(ascii("\r\n"));
                }
                left -= piece.length;
                if (random.nextBoolean()) {
                    out.flush();
                }
            }
            if (chunked) {
                out.write(ascii("0\r\n\r\n"));
            }
            out.flush();
        }

        String sha256() throws IOException {
            DigestOutputStream digest = StubUpstream.sha256();
            write(digest, false);
            return StubUpstream.hex(digest);
        }

        String framing(boolean chunked) {
            return chunked ? "Transfer-Encoding: chunked\r\n" : "Content-Length: " + size + "\r\n";
        }
    }

    private Body body(int size) {
        return new Body(random.nextLong(), size);
    }

    /** From nothing to some megabytes; each boundary, and a byte to either side of it. */
    private List<Integer> sizes() {
        List<Integer> sizes = new ArrayList<>(List.of(0, 1, 2, 3));
        for (int boundary : BOUNDARIES) {
            sizes.addAll(List.of(boundary - 1, boundary, boundary + 1));
        }
        for (int i = 0; i < 10; i++) {
            sizes.add((int) Math.exp(random.nextDouble() * Math.log(3 * MIB)));
        }
        Collections.shuffle(sizes, random);
        return sizes;
    }

    /** One request and its answer; both bodies are compared where they arrive. */
    private void exchange(
            RawClient client, String method, String path, Body sent, boolean chunked, Body back, boolean backChunked)
            throws IOException {
        String what = "%s %s %s%s -> %s%s, %s"
                .formatted(
                        method,
                        path,
                        sent.size(),
                        chunked ? " chunked" : "",
                        back.size(),
                        backChunked ? " chunked" : "",
                        Seed.said());
        boolean head = method.equals("HEAD");
        upstream.script((request, wire) -> {
            wire.digestBody();
            wire.write("HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\n" + back.framing(backChunked)
                    + "\r\n");
            if (!head) {
                back.write(wire.out(), backChunked);
            }
        });
        client.send(method + " " + path + " HTTP/1.1\r\nHost: g\r\n" + sent.framing(chunked) + "\r\n");
        sent.write(client.out(), chunked);
        RawClient.Head answer = client.receiveHead();
        DigestOutputStream received = StubUpstream.sha256();
        assertThat(head || client.receiveBody(answer, received)).as(what).isTrue();

        assertThat(answer.status()).as(what).isEqualTo(200);
        assertThat(StubUpstream.hex(received)).as(what).isEqualTo((head ? body(0) : back).sha256());
        assertThat(upstream.last().sha256()).as(what).isEqualTo(sent.sha256());
        // And in the framing that it came in; what is short may leave with its length, for it is known by then.
        assertThat(upstream.last().values("Content-Length"))
                .as(what)
                .isEqualTo(chunked ? List.of() : List.of(Integer.toString(sent.size())));
        assertThat(upstream.last().values("Transfer-Encoding"))
                .as(what)
                .isEqualTo(chunked ? List.of("chunked") : List.of());
        if (!backChunked || back.size() > 100_000) {
            assertThat(answer.values("Content-Length"))
                    .as(what)
                    .isEqualTo(backChunked ? List.of() : List.of(Integer.toString(back.size())));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
    void bodiesOfEverySizeAndFramingPassUnchangedWithEveryMethod(String method) throws IOException {
        try (RawClient client = new RawClient(gateway.port())) {
            for (int framings = 0; framings < 4; framings++) {
                List<Integer> back = sizes();
                for (int size : sizes()) {
                    exchange(
                            client,
                            method,
                            "/api/up/x",
                            body(size),
                            (framings & 1) == 1,
                            body(back.removeLast()),
                            (framings & 2) == 2);
                }
            }
        }
    }

    /** What the cache keeps it has read itself first, up to a size that lies among these. */
    @ParameterizedTest
    @ValueSource(strings = {"GET", "POST", "PUT"})
    void bodiesPassUnchangedThroughTheCacheAndOutOfIt(String method) throws IOException {
        int n = 0;
        for (int size : sizes()) {
            Body sent = body(size);
            Body back = body(Math.max(1, size + random.nextInt(3) - 1));
            String path = "/api/kept/" + n++;
            try (RawClient client = new RawClient(gateway.port())) {
                exchange(client, method, path, sent, random.nextBoolean(), back, random.nextBoolean());
                client.send(method + " " + path + " HTTP/1.1\r\nHost: g\r\n" + sent.framing(true) + "\r\n");
                sent.write(client.out(), true);
                RawClient.Head again = client.receiveHead();
                DigestOutputStream received = StubUpstream.sha256();
                client.receiveBody(again, received);
                assertThat(StubUpstream.hex(received)).as(Seed.said()).isEqualTo(back.sha256());
                boolean kept = method.equals("POST") && sent.size() <= 64 * KIB && back.size() <= 64 * KIB;
                assertThat(again.values("Cache-Status").toString().contains("hit"))
                        .as("%s %s %s, %s", method, sent, back, Seed.said())
                        .isEqualTo(kept);
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"PUT, false, true", "POST, true, false"})
    void sixtyFourMebibytesPassUnchangedEachWay(String method, boolean chunked, boolean backChunked)
            throws IOException {
        try (RawClient client = new RawClient(gateway.port())) {
            exchange(client, method, "/api/up/x", body(64 * MIB), chunked, body(64 * MIB), backChunked);
        }
    }

    /** Sends it and returns what the upstream got, which answers with the same body and type. */
    private RawClient.Answer mirrored(String target, String type, byte[] body) throws IOException {
        upstream.script((request, wire) -> {
            byte[] read = wire.readBody();
            wire.write("HTTP/1.1 200 OK\r\nContent-Type: " + type + "\r\nContent-Length: " + read.length + "\r\n\r\n");
            wire.write(read);
        });
        return RawClient.call(
                gateway.port(),
                "POST " + target + " HTTP/1.1\r\nHost: g\r\nContent-Type: " + type + "\r\nContent-Length: "
                        + body.length + "\r\n\r\n",
                body);
    }

    private void assertMirrored(String type, byte[] body) throws IOException {
        for (String route : List.of("/api/up/form", "/api/kept/form")) {
            RawClient.Answer answer = mirrored(route, type, body);
            assertThat(upstream.last().values("Content-Type")).as(Seed.said()).containsExactly(type);
            assertThat(StubUpstream.sha256(upstream.last().body()))
                    .as(Seed.said())
                    .isEqualTo(StubUpstream.sha256(body));
            assertThat(answer.values("Content-Type")).as(Seed.said()).containsExactly(type);
            assertThat(StubUpstream.sha256(answer.body())).as(Seed.said()).isEqualTo(StubUpstream.sha256(body));
        }
    }

    @Test
    void multipartBodiesPassUnreadWithTheirBoundaryAndTheirBinaryParts() throws IOException {
        for (int i = 0; i < 20; i++) {
            StringBuilder boundary = new StringBuilder();
            for (int n = 1 + random.nextInt(70); n > 0; n--) {
                boundary.append(BOUNDARY_CHARS.charAt(random.nextInt(BOUNDARY_CHARS.length())));
            }
            ByteArrayOutputStream body = new ByteArrayOutputStream();
            body.write(ascii(random.nextBoolean() ? "" : "What stands before the first part.\r\n"));
            for (int part = random.nextInt(6); part >= 0; part--) {
                body.write(ascii("--" + boundary + "\r\n"));
                body.write(
                        utf8("Content-Disposition: form-data; name=\"na me%22\u00e9\"; filename=\"\u4e16.bin\"\r\n"));
                body.write(ascii(random.nextBoolean() ? "Content-Type: application/octet-stream\r\n\r\n" : "\r\n"));
                body(random.nextInt(100_000)).write(body, false);
                body.write(ascii("\r\n-" + boundary + "\r\n\r\n"));
            }
            body.write(ascii("--" + boundary + "--" + (random.nextBoolean() ? "" : "\r\nAnd behind the last.")));
            assertMirrored("multipart/form-data; boundary=\"" + boundary + "\"", body.toByteArray());
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "a=1&a=2&a=&a",
                "=&&=&a&;b=2",
                "a=%zz&b=%&c=%2&d=%u0041",
                "a=%E2%9C%93+%2B%20 \u00e9\u4e16",
                "a[]=1&a[0]=2&a%5B%5D=3",
                "%00=%0d%0a&\u0000=\r\n",
                "_method=DELETE&_charset_=utf-7",
                ""
            })
    void formBodiesPassUnreadHoweverTheyAreEncoded(String form) throws IOException {
        for (String charset : List.of("", "; charset=ISO-8859-1", ";charset=no-such")) {
            String type = "application/x-www-form-urlencoded" + charset;
            assertMirrored(type, utf8(form));
            assertMirrored(type, form.getBytes(StandardCharsets.UTF_16LE));
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "TEXT/Html;Charset=\"UTF-8\"",
                "text/plain",
                "text/html",
                "TEXT/xml",
                "text/plain;charset=Utf-8",
                "text/plain; charset=ISO-8859-1",
                "application/json ;charset=utf8; v=\"a;b\"",
                "nothing that anybody knows",
                "*/*"
            })
    void aContentTypePassesInItsOwnSpelling(String type) throws IOException {
        assertMirrored(type, utf8("\u00e9"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "?",
                "?a=1&a=2&b=&c&&=",
                "?q=%2F..%2f%zz%&r=+%20%2B",
                "?a=%E2%9C%93&b=%C3%28&c=%00%0d%0a",
                "?x[]=1;y=2&{z}=|\"'`^\\",
                "?u=http://h/?q#",
                "?_method=DELETE&X-API-Key=no"
            })
    void theQueryPassesAsItWasWritten(String query) throws IOException {
        String sent = query.replace("#", "%23");
        mirrored("/api/up/path" + sent, "application/x-www-form-urlencoded", ascii("a=9&z=body"));
        assertThat(upstream.last().target()).isEqualTo("/path" + sent);
    }

    @Test
    void repeatedHeadersPassEachByItselfAndInTheirOrder() throws IOException {
        List<String> lines = List.of(
                "X-Many: 1",
                "X-Many: 2, 3",
                "X-Other: a",
                "X-Many:",
                "x-many: \"4, 5\"; q=0",
                "X-Many: 1",
                "X-Bytes: \u00e9\u00ff\u0080");
        String all = String.join("\r\n", lines) + "\r\n";
        upstream.answer(
                "HTTP/1.1 200 OK\r\n" + all
                        + "Set-Cookie: a=1; Path=/\r\nSet-Cookie: b=\"2, 3\"\r\nSet-Cookie: a=1; Path=/\r\nContent-Length: 0\r\n\r\n");
        RawClient.Answer answer = RawClient.call(
                gateway.port(),
                "GET /api/up/x HTTP/1.1\r\nHost: g\r\n" + all + "Cookie: a=1; b=2\r\nCookie: c=\"3\"\r\n\r\n");
        List<String> many = List.of("1", "2, 3", "", "\"4, 5\"; q=0", "1");
        assertThat(upstream.last().values("X-Many")).isEqualTo(many);
        assertThat(upstream.last().values("X-Bytes")).containsExactly("\u00e9\u00ff\u0080");
        assertThat(upstream.last().values("Cookie")).containsExactly("a=1; b=2", "c=\"3\"");
        assertThat(answer.values("X-Many")).isEqualTo(many);
        assertThat(answer.values("X-Bytes")).containsExactly("\u00e9\u00ff\u0080");
        assertThat(answer.values("Set-Cookie")).containsExactly("a=1; Path=/", "b=\"2, 3\"", "a=1; Path=/");
    }

    @ParameterizedTest
    @CsvSource({"up, true", "up, false", "kept, true", "kept, false"})
    void eventsArriveOneByOneAndUnchanged(String route, boolean chunked) throws IOException {
        List<byte[]> events = new ArrayList<>(List.of(
                utf8("\ufeff: a comment\n\n"),
                utf8("data: one\n\n"),
                utf8("id: 2\r\nevent: \u4e16\u754c\r\ndata: {\"a\": 1}\r\ndata\r\n\r\n"),
                utf8("retry: 10\r\rdata:  two\r\r"),
                // A character may be cut in two.
                new byte[] {'d', 'a', 't', 'a', ':', (byte) 0xe4, (byte) 0xb8},
                new byte[] {(byte) 0x96, '\n', '\n'}));
        for (int size : List.of(1, 8 * KIB, 16 * KIB + 1, 70_000)) {
            events.add(utf8("data: " + HexFormat.of().formatHex(bytes(size)) + "\n\n"));
        }
        Semaphore seen = new Semaphore(0);
        upstream.script((request, wire) -> {
            wire.write("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
                    + (chunked ? "Transfer-Encoding: chunked\r\n\r\n" : "\r\n"));
            for (byte[] event : events) {
                seen.acquireUninterruptibly();
                wire.write(chunked ? ascii(Integer.toHexString(event.length) + "\r\n") : new byte[0]);
                wire.write(event);
                wire.write(chunked ? "\r\n" : "");
            }
            seen.acquireUninterruptibly();
            wire.write(chunked ? "0\r\n\r\n" : "");
            wire.end();
        });
        try (RawClient client = new RawClient(gateway.port())) {
            client.send("GET /api/" + route + "/events HTTP/1.1\r\nHost: g\r\nAccept: text/event-stream\r\n"
                    + "Accept-Encoding: gzip, br\r\n\r\n");
            RawClient.Head head = client.receiveHead();
            assertThat(head.values("Content-Type")).containsExactly("text/event-stream");
            assertThat(head.values("Content-Encoding")).isEmpty();
            for (byte[] event : events) {
                // Only now is it sent: whatever waits for more than this event waits for ever.
                seen.release();
                ByteArrayOutputStream received = new ByteArrayOutputStream();
                while (received.size() < event.length) {
                    received.write(client.receiveChunk());
                }
                assertThat(received.toByteArray()).isEqualTo(event);
            }
            seen.release();
            assertThat(client.receiveChunk()).isEmpty();
        }
    }

    private byte[] bytes(int size) {
        byte[] bytes = new byte[size];
        random.nextBytes(bytes);
        return bytes;
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.ISO_8859_1);
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
