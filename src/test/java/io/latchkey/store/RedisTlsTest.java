package io.latchkey.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.latchkey.Gateway;
import io.latchkey.Gateway.Answer;
import io.latchkey.Gateway.Made;
import io.latchkey.proxy.StubUpstream;
import io.lettuce.core.ClientOptions;
import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisURI;
import io.lettuce.core.SslOptions;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.api.sync.RedisCommands;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

/** A Redis under TLS, of an authority that only the operator knows, and a user who may do no more than documented. */
@Tag("tool")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@ExtendWith(OutputCaptureExtension.class)
class RedisTlsTest {
    private static final Path PROGRAM = Path.of("/usr/bin/redis-server");
    private static final String PASSWORD = "for-this-test-only";

    private Path directory;
    private Authority known;
    private RedisServer redis;
    private StubUpstream upstream;
    private Path routes;
    private List<Gateway> nodes = List.of();

    @BeforeAll
    void start(@TempDir Path fresh) throws Exception {
        directory = fresh;
        assertThat(PROGRAM)
                .as("A redis-server that speaks TLS; on Debian: apt-get install redis-server openssl")
                .isExecutable();
        known = Authority.named("known", directory);
        Authority.named("unknown", directory);
        known.certify("server", "subjectAltName=IP:127.0.0.1");
        known.certify("node", "extendedKeyUsage=clientAuth");
        int port = RedisServer.freePort();
        redis = underTls(port, "server")
                .with("user default off")
                .with(documentedUser())
                .with("user tester on >" + PASSWORD + " ~* +@all")
                .start();
        upstream = StubUpstream.start();
        routes = Files.writeString(file("routes.yml"), """
                routes:
                  - { id: demo, path: /api/demo/**, upstreams: [ "%s" ], cache: { ttl: 60s } }
                """.formatted(upstream.uri()));
        nodes = List.of(node("a"), node("b"));
    }

    @AfterAll
    void stop() throws IOException {
        nodes.forEach(Gateway::close);
        upstream.close();
        redis.close();
    }

    private RedisServer underTls(int port, String name) {
        return RedisServer.on(port, directory.resolve("redis-" + port))
                .by(PROGRAM)
                .with("port 0")
                .with("tls-port " + port)
                .with("tls-cert-file " + file(name + ".pem"))
                .with("tls-key-file " + file(name + ".key"))
                .with("tls-ca-cert-file " + file("known.pem"));
    }

    /** The line of redis.conf in docs/security.md, as it stands there. */
    private static String documentedUser() throws IOException {
        Matcher line = Pattern.compile("^user latchkey .*$", Pattern.MULTILINE)
                .matcher(Files.readString(Path.of("docs/security.md")));
        assertThat(line.find()).isTrue();
        return line.group().replace("PASSWORD", PASSWORD);
    }

    private Gateway node(String name) {
        return Gateway.start(settings(PASSWORD, "known", "latchkey.keys.node-id", name));
    }

    private String[] settings(String password, String trusted, String setting, String value) {
        return settings(redis.port(), password, trusted, setting, value);
    }

    private String[] settings(int port, String password, String trusted, String setting, String value) {
        String bundle = "spring.ssl.bundle.pem.redis.";
        return Gateway.on(
                "rediss://latchkey:" + password + "@127.0.0.1:" + port,
                Map.of(
                        "latchkey.store.ssl-bundle",
                        "redis",
                        bundle + "truststore.certificate",
                        file(trusted + ".pem").toString(),
                        bundle + "keystore.certificate",
                        file("node.pem").toString(),
                        bundle + "keystore.private-key",
                        file("node.key").toString(),
                        "latchkey.routes-file",
                        routes.toString(),
                        "latchkey.keys.evidence-every",
                        "100ms",
                        setting,
                        value));
    }

    @Test
    void keysAreMadeRotatedAndRevokedOnBothNodes() {
        Made key = nodes.getFirst().key("\"expiresAt\":\"2099-01-01T00:00:00Z\"");
        assertThat(nodes.getFirst().call(key.token()).header("Cache-Status")).contains("stored");
        await().until(() ->
                nodes.getLast().call(key.token()).header("Cache-Status").contains("hit"));
        Answer rotation = nodes.getLast().rotate(key.id(), "{\"overlap\":\"PT1H\"}");
        for (Gateway node : nodes) {
            assertThat(node.call(rotation.get("token")).status()).isEqualTo(200);
            assertThat(node.call(key.token()).header("API-Key-Status")).isEqualTo("superseded");
        }
        // What each node saw is written, and counted by the other.
        Answer early = nodes.getFirst()
                .admin("POST", "/admin/keys/" + key.id() + "/rotations/" + rotation.get("id") + "/finish", "{}");
        assertThat(early.status()).isEqualTo(409);
        // Acknowledged by both, so both follow the stream.
        Answer revoked = nodes.getFirst().admin("DELETE", "/admin/keys/" + key.id(), "", "Prefer", "wait=5");
        assertThat(revoked.status()).isEqualTo(200);
        assertThat(revoked.get("nodesAcked") + "/" + revoked.get("nodesLive")).isEqualTo("2/2");
        nodes.forEach(
                node -> assertThat(node.call(rotation.get("token")).get("code")).isEqualTo("key-revoked"));
    }

    @Test
    void limitsAreOneLimit() {
        for (String window : List.of("PT1H", "P1M")) {
            for (String accuracy : List.of("exact", "fast")) {
                Made key = nodes.getFirst()
                        .key("\"limits\":[{\"name\":\"burst\",\"quota\":10,\"window\":\"%s\",\"accuracy\":\"%s\"}]"
                                .formatted(window, accuracy));
                List<Integer> statuses = new ArrayList<>();
                for (int i = 0; i < 12; i++) {
                    statuses.add(nodes.get(i % 2).call(key.token()).status());
                }
                assertThat(statuses).containsOnly(200, 429);
                assertThat(statuses.stream().filter(status -> status == 200)).hasSize(10);
            }
        }
    }

    @Test
    void nothingThatANodeDoesIsForbidden() {
        Gateway node = nodes.getFirst();
        String legacy = "legacy-key-of-this-test";
        assertThat(node.admin(
                                "POST",
                                "/admin/keys/import",
                                "token,name\n" + legacy + ",old",
                                "Content-Type",
                                "text/csv")
                        .status())
                .isEqualTo(200);
        assertThat(node.call(legacy).status()).isEqualTo(200);
        for (String path : List.of(
                "/admin/keys?owner=nobody",
                "/admin/keys?pepper=previous",
                "/admin/keys/export",
                "/admin/tokens",
                "/admin/nodes",
                "/admin/audit",
                "/health/detailed")) {
            assertThat(node.admin("GET", path, "").status()).as(path).isEqualTo(200);
        }
        assertThat(node.admin("POST", "/admin/keys/bulk-revoke", "{\"owner\":\"nobody\"}")
                        .status())
                .isEqualTo(200);
        assertThat(node.admin("POST", "/admin/cache/purge", "{\"route\":\"demo\"}")
                        .status())
                .isEqualTo(200);
        assertThat(node.admin("GET", "/admin/audit/verify", "").get("intact")).isEqualTo("true");
        assertThat(node.send("GET", "/health", "").get("status")).isEqualTo("healthy");
    }

    @Test
    void wrongPasswordIsNamedAndTheStoreIsDown(CapturedOutput output) {
        try (Gateway node = Gateway.start(settings("another-password", "known", "server.shutdown", "immediate"))) {
            assertIsDown(node);
        }
        assertThat(output).contains("Redis is not available", "WRONGPASS").doesNotContain("another-password");
    }

    @Test
    void strangersCertificateIsRefusedAndNamed(CapturedOutput output) {
        try (Gateway node = Gateway.start(settings(PASSWORD, "unknown", "server.shutdown", "immediate"))) {
            assertIsDown(node);
        }
        assertThat(output)
                .contains("Redis is not available", "certification path")
                .doesNotContain(PASSWORD);
    }

    @Test
    void certificateOfAnotherHostIsRefusedAndNamed(CapturedOutput output) throws Exception {
        known.certify("other", "subjectAltName=IP:127.0.0.2");
        int port = RedisServer.freePort();
        try (RedisServer other = underTls(port, "other").start();
                Gateway node =
                        Gateway.start(settings(other.port(), PASSWORD, "known", "server.shutdown", "immediate"))) {
            assertIsDown(node);
        }
        assertThat(output).contains("Redis is not available", "matching IP address 127.0.0.1");
    }

    @Test
    void onlyTheProtocolsOfTheBundleAreSpoken(CapturedOutput output) throws Exception {
        int port = RedisServer.freePort();
        try (RedisServer older =
                        underTls(port, "server").with("tls-protocols TLSv1.2").start();
                Gateway node = Gateway.start(settings(
                        older.port(),
                        PASSWORD,
                        "known",
                        "spring.ssl.bundle.pem.redis.options.enabled-protocols",
                        "TLSv1.3"))) {
            assertIsDown(node);
        }
        assertThat(output).contains("Redis is not available", "protocol_version");
    }

    @Test
    void bundleThatThereIsNotStopsTheStart() {
        assertThatThrownBy(() -> Gateway.start(Gateway.on(
                        "rediss://127.0.0.1:" + redis.port(), Map.of("latchkey.store.ssl-bundle", "nobodys"))))
                .hasRootCauseInstanceOf(StartRefused.class)
                .hasStackTraceContaining("latchkey.store.ssl-bundle names the SSL bundle nobodys");
    }

    @Test
    void bundleThatCannotBeReadOrWouldNotBeUsedStopsTheStart() {
        assertThatThrownBy(() -> Gateway.start(Gateway.on(
                        "rediss://127.0.0.1:" + redis.port(),
                        Map.of(
                                "latchkey.store.ssl-bundle",
                                "redis",
                                "spring.ssl.bundle.pem.redis.truststore.certificate",
                                file("nowhere.pem").toString()))))
                .hasRootCauseInstanceOf(StartRefused.class)
                .hasStackTraceContaining("nowhere.pem");
        assertThatThrownBy(() -> Gateway.start(
                        Gateway.on("redis://127.0.0.1:" + redis.port(), Map.of("latchkey.store.ssl-bundle", "redis"))))
                .hasRootCauseInstanceOf(StartRefused.class)
                .hasStackTraceContaining("no Redis is reached by TLS");
    }

    /** Closed, and never taken for a key that is not there. */
    private void assertIsDown(Gateway node) {
        Made key = nodes.getFirst().key("");
        Answer refused = node.call(key.token());
        assertThat(refused.status()).isEqualTo(503);
        assertThat(refused.get("code")).isEqualTo("auth-store-unavailable");
        assertThat(node.actuator("/actuator/health/readiness").status()).isEqualTo(503);
        assertThat(node.actuator("/actuator/health/liveness").status()).isEqualTo(200);
    }

    /** What no standalone server is asked, but one with replicas is. */
    @ParameterizedTest
    @CsvSource({
        "WAIT 1 10, OK",
        "CLIENT ID, OK",
        "GET latchkey:x, OK",
        "GET other, no permissions",
        "CONFIG GET *, no permissions",
        "FLUSHALL, no permissions",
        "KEYS *, no permissions",
        "ACL LIST, no permissions"
    })
    void documentedUserMayDoNoMoreThanItNeeds(String command, String answer) {
        String[] words = command.split(" ", -1);
        asTester(redis -> assertThat(redis.aclDryRun("latchkey", words[0], Arrays.copyOfRange(words, 1, words.length)))
                .contains(answer));
    }

    /** Whatever else a node does, no answer to a caller may depend on it. */
    @AfterEach
    void nothingWasRefused() {
        asTester(redis -> assertThat(redis.aclLog().stream().filter(entry -> !"auth".equals(entry.get("reason"))))
                .isEmpty());
    }

    private void asTester(Consumer<RedisCommands<String, String>> act) {
        RedisClient client =
                RedisClient.create(RedisURI.create("rediss://tester:" + PASSWORD + "@127.0.0.1:" + redis.port()));
        client.setOptions(ClientOptions.builder()
                .sslOptions(SslOptions.builder()
                        .jdkSslProvider()
                        .trustManager(file("known.pem").toFile())
                        .keyManager(file("node.pem").toFile(), file("node.key").toFile(), new char[0])
                        .build())
                .build());
        try (StatefulRedisConnection<String, String> connection = client.connect()) {
            act.accept(connection.sync());
        } finally {
            client.shutdown(Duration.ZERO, Duration.ofSeconds(1));
        }
    }

    private Path file(String name) {
        return directory.resolve(name);
    }
}
