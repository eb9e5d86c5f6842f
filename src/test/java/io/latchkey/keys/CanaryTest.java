package io.latchkey.keys;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.latchkey.Gateway;
import io.latchkey.Gateway.Answer;
import io.latchkey.Gateway.Made;
import io.latchkey.proxy.StubUpstream;
import io.latchkey.store.RedisServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

/** A secret is in the one answer that made it, and nowhere else, whatever is done with it. */
@ExtendWith(OutputCaptureExtension.class)
class CanaryTest {
    private static final String LEGACY = "canary-legacy-Zq8Wv3Xk";
    private static final String IMPORTED = "canary-imported-Hy6Tb2Rd";
    private static final String QUOTED = "\"canary\"quoted-Pw4Nc7Jf";

    @TempDir
    Path directory;

    /** Everything that was answered, but the answers that make a secret. */
    private final List<String> answers = new ArrayList<>();

    private Answer keep(Answer answer) {
        answers.add(answer.status() + " " + answer.headers().map() + " " + answer.body());
        return answer;
    }

    @Test
    void aSecretIsNowhereButInTheAnswerThatMadeIt(CapturedOutput output) throws IOException {
        try (RedisServer redis = RedisServer.started(directory.resolve("redis"));
                OutsideTool tool = OutsideTool.at(redis.url());
                StubUpstream upstream = StubUpstream.start()) {
            Path routes = Files.writeString(directory.resolve("routes.yml"), """
                    routes:
                      - { id: up, path: /api/up/**, upstreams: [ "%1$s" ] }
                      - { id: demo, path: /api/demo/**, upstreams: [ "%1$s" ] }
                      - { id: scoped, path: /api/scoped/**, upstreams: [ "%1$s" ], scope: nobody:has }
                      - { id: public, path: /api/public/**, upstreams: [ "%1$s" ], access: public }
                    """.formatted(upstream.uri()));
            List<String> canaries = new ArrayList<>(List.of(LEGACY, IMPORTED, QUOTED, Gateway.ADMIN_TOKEN));
            try (Gateway gateway = Gateway.start(Gateway.on(
                    redis.url(),
                    Map.of(
                            "latchkey.routes-file",
                            routes.toString(),
                            "latchkey.keys.evidence-every",
                            "100ms",
                            "latchkey.keys.legacy-key",
                            LEGACY)))) {
                Made key = gateway.key("\"scopes\":[\"keys:rotate-self\"]");
                canaries.add(key.token());
                Answer rotation = gateway.rotate(key.id(), "{}");
                canaries.add(rotation.get("token"));
                Answer self =
                        gateway.send("POST", "/api/v1/keys/self/rotations", "", "X-API-Key", rotation.get("token"));
                assertThat(self.status()).isEqualTo(201);
                canaries.add(self.get("token"));
                Answer operator = gateway.admin("POST", "/admin/tokens", "{\"name\":\"viewer\",\"role\":\"viewer\"}");
                canaries.add(operator.get("token"));

                canaries.forEach(token -> present(gateway, token));
                administrate(gateway, key, rotation, operator.get("token"));
                importThem(gateway, key.token());
                for (String path : List.of("/health", "/health/detailed", "/admin/audit?limit=200", "/admin/nodes")) {
                    keep(gateway.admin("GET", path, ""));
                }
                await().untilAsserted(() -> assertThat(tool.dump().toString()).contains("canary-agent"));
                keep(gateway.actuator("/actuator/prometheus"));
                keep(gateway.actuator("/actuator/prometheus", "Accept", "application/openmetrics-text;version=1.0.0"));
                keep(gateway.actuator("/actuator/health"));
            }
            assertThat(upstream.received()).hasSizeGreaterThan(10);
            List<String> leaks = new ArrayList<>();
            for (String canary : canaries) {
                String text = canary.equals(QUOTED) ? "quoted-Pw4Nc7Jf" : canary;
                answers.forEach(answer -> find(text, "answer", answer, leaks));
                tool.dump().forEach((name, content) -> find(text, "Redis, " + name, content, leaks));
                files(directory.resolve("redis")).forEach(file -> find(text, "file of Redis", file, leaks));
                upstream.received().forEach(request -> find(text, "upstream", request.head(), leaks));
                output.getAll().lines().forEach(line -> find(text, "output", line, leaks));
            }
            assertThat(leaks).isEmpty();
            assertThat(output.getOut().lines()).isNotEmpty().allSatisfy(line -> Gateway.JSON.readTree(line));
            assertThat(files(directory.resolve("redis"))).anyMatch(file -> file.contains("canary-agent"));
        }
    }

    private static void find(String text, String where, String content, List<String> leaks) {
        int at = content.indexOf(text);
        if (at >= 0) {
            int end = Math.min(content.length(), at + text.length() + 60);
            leaks.add(where + ": ..." + content.substring(Math.max(0, at - 200), end));
        }
    }

    /** In every header, on every route, whole, cut, prolonged, and against the admin API. */
    private void present(Gateway gateway, String token) {
        String path = "?a=b";
        for (String route : List.of("/api/up/x", "/api/scoped/x", "/api/public/x", "/api/none", "/api/v1/keys/self")) {
            keep(gateway.send("GET", route + path, "", "X-API-Key", token, "User-Agent", "canary-agent"));
            if (!route.startsWith("/api/public") || token.startsWith("lk_")) {
                // Where no key is asked for, a bearer that is not plainly ours is the upstream's.
                keep(gateway.send("GET", route, "", "Authorization", "Bearer " + token));
            }
            keep(gateway.send("POST", route, "{}", "X-API-Key", token, "Authorization", "Basic dTpw"));
        }
        for (String spoilt : List.of(token + "x", token + "/../x", token.substring(1), "Bearer " + token)) {
            keep(gateway.call(spoilt));
        }
        keep(gateway.call(token, "X-API-Key", token));
        keep(gateway.call(token, "Authorization", "Bearer " + token));
        keep(gateway.adminAs(token, "GET", "/admin/keys", ""));
        keep(gateway.adminAs(token + "x", "DELETE", "/admin/keys/x", ""));
        keep(gateway.adminAs(token, "GET", "/health/detailed", ""));
    }

    private void administrate(Gateway gateway, Made key, Answer rotation, String viewer) {
        String path = "/admin/keys/" + key.id();
        keep(gateway.admin("GET", path, ""));
        keep(gateway.admin("GET", path + "/rotations", ""));
        keep(gateway.admin("GET", path + "/rotations/" + rotation.get("id"), ""));
        keep(gateway.admin("POST", path + "/rotations", "{\"tokenSha256\":\"" + key.token() + "\"}"));
        keep(gateway.admin("POST", "/admin/keys", "{\"name\":\"x\",\"tokenSha256\":\"" + LEGACY + "\"}"));
        keep(gateway.admin("POST", "/admin/keys", "{\"name\":\"x\",\"expiresAt\":\"" + LEGACY + "\"}"));
        keep(gateway.admin("POST", "/admin/keys", "{\"name\":\"x\",\"scopes\":[\"" + LEGACY + " \"]}"));
        keep(gateway.admin("POST", "/admin/keys", LEGACY));
        keep(gateway.admin("POST", path + "/rotations/" + rotation.get("id") + "/rollback", "{\"force\":true}"));
        keep(gateway.admin("POST", path + "/disable", ""));
        keep(gateway.call(key.token()));
        keep(gateway.admin("POST", path + "/enable", ""));
        keep(gateway.adminAs(viewer, "POST", path + "/disable", ""));
        keep(gateway.admin("GET", "/admin/tokens", ""));
        keep(gateway.admin("GET", "/admin/keys?cursor=" + LEGACY, ""));
        keep(gateway.admin("DELETE", path, ""));
        keep(gateway.call(key.token()));
    }

    /** As it should be, and as people do it: the plaintext where a hash belongs. */
    private void importThem(Gateway gateway, String token) {
        String ndjson = String.join(
                "\n",
                token,
                QUOTED,
                "{" + LEGACY + "}",
                "{\"name\":\"a\",\"tokenSha256\":\"" + token + "\"}",
                "{\"name\":\"a\",\"token\":\"" + token + "\"}",
                "{\"name\":\"a\",\"algorithm\":\"" + token + "\",\"tokenSha256\":\"\"}",
                "{\"name\":\"a\",\"expiresAt\":\"" + LEGACY + "\",\"tokenSha256\":\"" + "0".repeat(64) + "\"}",
                "{\"id\":\"a\",\"secrets\":[{\"algorithm\":\"" + LEGACY + "\"}]}",
                "{\"id\":\"a\",\"secrets\":[{\"algorithm\":\"hmac-sha256\",\"digest\":\"" + LEGACY
                        + "\",\"standing\":\"" + LEGACY + "\"}]}",
                "{\"id\":\"a\",\"secrets\":[{\"algorithm\":\"hmac-sha256\",\"pepper\":\"" + LEGACY + "\",\"digest\":\""
                        + LEGACY + "\"}]}",
                "{\"id\":\"a\",\"revokedAt\":\"" + LEGACY + "\",\"secrets\":[]}");
        keep(gateway.admin("POST", "/admin/keys/import", ndjson, "Content-Type", "application/x-ndjson"));
        String csv = String.join(
                "\n",
                "token,name,scopes,expiresAt",
                IMPORTED + ",a,,",
                IMPORTED + ",again,,",
                token + "x,cut,,",
                LEGACY + ",a",
                "legacy-ok-1234,b,," + LEGACY,
                "\"\"\"canary\"\"quoted-Pw4Nc7Jf\",c,,");
        Answer imported = keep(gateway.admin("POST", "/admin/keys/import", csv, "Content-Type", "text/csv"));
        assertThat(imported.body()).contains("\"created\"", "\"refused\"");
        assertThat(keep(gateway.call(IMPORTED)).status()).isEqualTo(200);
        keep(gateway.admin("POST", "/admin/keys/import", LEGACY + "\n" + LEGACY, "Content-Type", "text/csv"));
        keep(gateway.admin("POST", "/admin/keys/import", "x", "Content-Type", "text/" + LEGACY));
        Answer exported = keep(gateway.admin("GET", "/admin/keys/export", ""));
        assertThat(exported.body().lines())
                .isNotEmpty()
                .allSatisfy(line ->
                        assertThat(Gateway.JSON.readTree(line).at("/secrets")).isNotEmpty());
        String spoilt = exported.body()
                .replaceAll("\"createdAt\":\"[^\"]*\",\"disabled\"", "\"createdAt\":\"" + LEGACY + "\",\"disabled\"")
                .replaceAll("\"id\":\"", "\"id\":\"0");
        Answer refused =
                keep(gateway.admin("POST", "/admin/keys/import", spoilt, "Content-Type", "application/x-ndjson"));
        assertThat(refused.status()).isEqualTo(200);
        assertThat(refused.body().lines()).isNotEmpty().allMatch(line -> line.contains("\"refused\""));
        String bare = exported.body().replaceAll("\"(standing|last4|createdAt)\":\"[^\"]*\",", "");
        assertThat(keep(gateway.admin("POST", "/admin/keys/import", bare, "Content-Type", "application/x-ndjson"))
                        .body()
                        .lines())
                .isNotEmpty()
                .allMatch(line -> line.contains("\"refused\""));
    }

    private static List<String> files(Path root) {
        try (Stream<Path> all = Files.walk(root)) {
            return all.filter(Files::isRegularFile).map(CanaryTest::read).toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String read(Path file) {
        try {
            return new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
