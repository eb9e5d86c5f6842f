package io.latchkey.proxy;

import static io.latchkey.proxy.ProxyFailuresTest.assertProblem;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.latchkey.RawClient;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.util.List;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Upstreams under TLS: who they are is verified, and their connections are kept and dropped like any other. */
class ProxyTlsTest {
    private static final String PASSWORD = "for-this-test-only";

    @TempDir
    private static Path directory;

    private static SSLContext before;
    private static StubUpstream upstream;
    private static StubUpstream plain;
    private static StubUpstream stranger;
    private static ServerSocket torn;
    private static SSLContext tornContext;
    private static TestGateway gateway;

    @BeforeAll
    static void start() throws Exception {
        KeyStore known = keyStore("known");
        before = SSLContext.getDefault();
        SSLContext.setDefault(context(known, known));
        upstream = StubUpstream.start(context(known, known).getServerSocketFactory());
        KeyStore unknown = keyStore("unknown");
        stranger = StubUpstream.start(context(unknown, unknown).getServerSocketFactory());
        plain = StubUpstream.start();
        tornContext = context(known, known);
        torn = new ServerSocket(0, 10, InetAddress.getLoopbackAddress());
        gateway = TestGateway.start("""
                routes:
                  - { id: up, path: /api/up/**, upstreams: ["https://localhost:%1$d"] }
                  - { id: other, path: /api/other, upstreams: ["https://127.0.0.1:%1$d"] }
                  - { id: stranger, path: /api/stranger, upstreams: ["https://localhost:%2$d"] }
                  - { id: plain, path: /api/plain, upstreams: ["https://localhost:%3$d"], timeout: { connect: 500ms } }
                  - { id: torn, path: /api/torn, upstreams: ["https://localhost:%4$d"] }
                """.formatted(upstream.port(), stranger.port(), plain.port(), torn.getLocalPort()));
    }

    @AfterAll
    static void stop() throws IOException {
        gateway.close();
        upstream.close();
        stranger.close();
        plain.close();
        torn.close();
        SSLContext.setDefault(before);
    }

    @BeforeEach
    void reset() {
        upstream.reset();
        TestGateway.later();
    }

    @Test
    void oneHandshakeServesManyRequests() throws IOException {
        assertThat(get("/api/up/x").text()).isEqualTo("ok");
        int first = upstream.connections();
        for (int i = 0; i < 20; i++) {
            assertThat(get("/api/up/x").text()).isEqualTo("ok");
        }
        // One more than the first, if a look at the idle connection met a message of TLS itself.
        assertThat(upstream.connections()).isBetween(first, first + 1);
    }

    @Test
    void aLargeBodyPassesBothWays() throws IOException {
        upstream.script((request, wire) -> {
            wire.write("HTTP/1.1 200 OK\r\nContent-Length: 3000000\r\n\r\n");
            wire.echo(3_000_000);
        });
        byte[] body = new byte[3_000_000];
        body[2_999_999] = 7;
        var answer = RawClient.call(
                gateway.port(), "PUT /api/up/x HTTP/1.1\r\nHost: g\r\nContent-Length: 3000000\r\n\r\n", body);
        assertThat(answer.body()).isEqualTo(body);
    }

    @Test
    void aConnectionThatTheUpstreamClosedIsNotUsedAgain() throws IOException {
        for (int i = 0; i < 5; i++) {
            assertThat(get("/api/up/x").status()).isEqualTo(200);
            upstream.dropConnections();
        }
    }

    @Test
    void onlyTheServerThatTheRouteNamesIsSpokenTo() throws IOException {
        for (String path : List.of("/api/other", "/api/stranger")) {
            assertProblem(get(path), 502, "upstream-unreachable");
        }
        assertThat(upstream.received()).isEmpty();
        assertThat(stranger.received()).isEmpty();
    }

    @Test
    void aServerThatSpeaksNoTlsIsNoServer() throws IOException {
        plain.script((request, wire) -> wire.awaitEnd());
        assertThat(get("/api/plain").status()).isIn(502, 504);
    }

    @Test
    void answerThatOnlyTheCloseEndsIsWholeOnlyIfTlsSaysSo() throws IOException {
        String begun = "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhalf";
        Thread server = Thread.ofPlatform().start(() -> answerAndEndBelowTls(begun));
        var cut = get("/api/torn");
        assertThat(cut.status()).isEqualTo(200);
        assertThat(cut.clean()).isFalse();
        await().until(() -> !server.isAlive());

        upstream.script((request, wire) -> {
            wire.write(begun);
            wire.end();
            wire.awaitEnd();
        });
        var whole = get("/api/up/x");
        assertThat(whole.text()).isEqualTo("half");
        assertThat(whole.clean()).isTrue();
    }

    /** As somebody on the way could do it, who has no key: the connection ends, and TLS says nothing. */
    private static void answerAndEndBelowTls(String answer) {
        try (Socket below = torn.accept();
                Socket secured = tornContext.getSocketFactory().createSocket(below, null, true)) {
            byte[] buffer = new byte[8 * 1024];
            assertThat(secured.getInputStream().read(buffer)).isPositive();
            secured.getOutputStream().write(answer.getBytes(StandardCharsets.US_ASCII));
            below.shutdownOutput();
            while (below.getInputStream().read(buffer) >= 0) {}
        } catch (IOException e) {
            // The gateway ended it in its own way.
        }
    }

    private static RawClient.Answer get(String path) throws IOException {
        return RawClient.call(gateway.port(), "GET " + path + " HTTP/1.1\r\nHost: g\r\n\r\n");
    }

    private static KeyStore keyStore(String name) throws Exception {
        Path file = directory.resolve(name + ".p12");
        Process keytool = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "keytool")
                                .toString(),
                        "-genkeypair",
                        "-alias",
                        name,
                        "-keyalg",
                        "EC",
                        "-dname",
                        "CN=" + name,
                        "-ext",
                        "SAN=dns:localhost",
                        "-keystore",
                        file.toString(),
                        "-storepass",
                        PASSWORD)
                .inheritIO()
                .start();
        assertThat(keytool.waitFor()).isZero();
        KeyStore store = KeyStore.getInstance("PKCS12");
        try (InputStream in = Files.newInputStream(file)) {
            store.load(in, PASSWORD.toCharArray());
        }
        return store;
    }

    private static SSLContext context(KeyStore identity, KeyStore trusted) throws GeneralSecurityException {
        KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        keys.init(identity, PASSWORD.toCharArray());
        TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(trusted);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(keys.getKeyManagers(), trust.getTrustManagers(), null);
        return context;
    }
}
