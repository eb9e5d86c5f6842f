package io.latchkey.keys;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.latchkey.Gateway;
import io.latchkey.Gateway.Answer;
import io.latchkey.store.RedisServer;
import io.latchkey.store.StartRefused;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import tools.jackson.databind.JsonNode;

/** The first key of a store: where it comes from, and that it comes once. */
@ExtendWith(OutputCaptureExtension.class)
class SeedingTest {
    private static final String LEGACY = "legacy-abc";
    private static final Pattern TOKEN = Pattern.compile("lk_[a-z0-9]+_[0-9A-Za-z]+_[0-9A-Za-z]+");

    @TempDir
    Path directory;

    private static Gateway seeded(RedisServer redis) {
        return Gateway.start(Gateway.on(redis.url(), Map.of("latchkey.keys.legacy-key", LEGACY)));
    }

    private static List<JsonNode> keys(Gateway gateway) {
        return gateway.admin("GET", "/admin/keys", "")
                .json()
                .at("/items")
                .valueStream()
                .toList();
    }

    private static List<String> acts(Gateway gateway, String action) {
        return gateway.admin("GET", "/admin/audit?limit=200", "")
                .json()
                .at("/items")
                .valueStream()
                .map(entry -> entry.path("action").asString())
                .filter(action::equals)
                .toList();
    }

    @Test
    void legacyKeyOfTheEnvironmentWorksOnAnEmptyStoreUntilItIsRevoked() {
        try (RedisServer redis = RedisServer.started(directory);
                Gateway gateway = seeded(redis);
                OutsideTool tool = OutsideTool.at(redis.url())) {
            assertThat(gateway.call(LEGACY).status()).isEqualTo(200);
            assertThat(gateway.send("GET", "/api/demo/x", "", "Authorization", "Bearer " + LEGACY)
                            .status())
                    .isEqualTo(200);
            assertThat(gateway.call("legacy-abd").get("code")).isEqualTo("key-unknown");
            assertThat(tool.isValid(Gateway.PEPPER, LEGACY)).isTrue();
            assertThat(keys(gateway)).hasSize(1);

            String id = keys(gateway).getFirst().path("id").asString();
            assertThat(gateway.admin("DELETE", "/admin/keys/" + id, "", "Prefer", "wait=5")
                            .status())
                    .isEqualTo(200);
            assertThat(gateway.call(LEGACY).get("code")).isEqualTo("key-revoked");
            assertThat(tool.isValid(Gateway.PEPPER, LEGACY)).isFalse();
        }
    }

    @Test
    void nodesThatStartAtTheSameTimeSeedOnce() throws Exception {
        try (RedisServer redis = RedisServer.started(directory);
                ExecutorService both = Executors.newFixedThreadPool(2)) {
            CountDownLatch go = new CountDownLatch(2);
            List<Future<Gateway>> starting = List.of(1, 2).stream()
                    .map(node -> both.submit(() -> {
                        go.countDown();
                        go.await();
                        return seeded(redis);
                    }))
                    .toList();
            try (Gateway one = starting.getFirst().get();
                    Gateway two = starting.getLast().get()) {
                assertThat(one.call(LEGACY).status()).isEqualTo(200);
                assertThat(two.call(LEGACY).status()).isEqualTo(200);
                assertThat(keys(one)).hasSize(1);
                assertThat(acts(two, "key.seed")).hasSize(1);
                assertThat(acts(two, "token.bootstrap")).hasSize(1);
                assertThat(one.admin("GET", "/admin/audit/verify", "").get("intact"))
                        .isEqualTo("true");
            }
        }
    }

    @Test
    void revokedSeedNeverComesBack() {
        try (RedisServer redis = RedisServer.started(directory);
                OutsideTool tool = OutsideTool.at(redis.url())) {
            String id;
            try (Gateway gateway = seeded(redis)) {
                id = keys(gateway).getFirst().path("id").asString();
                assertThat(gateway.admin("DELETE", "/admin/keys/" + id, "").status())
                        .isIn(200, 202);
            }
            try (Gateway gateway = seeded(redis)) {
                assertThat(gateway.call(LEGACY).get("code")).isEqualTo("key-revoked");
                assertThat(keys(gateway)).hasSize(1);
            }
            // As if somebody had cleaned up: not one key is left, but the marker is.
            tool.redis().zrem("{api_keys:valid}:ids", id);
            tool.redis().del("{api_keys:valid}:key:" + id);
            tool.redis().del("{api_keys:valid}:digest:" + OutsideTool.digest(Gateway.PEPPER, LEGACY));
            try (Gateway gateway = seeded(redis)) {
                assertThat(gateway.call(LEGACY).get("code")).isEqualTo("key-unknown");
                assertThat(keys(gateway)).isEmpty();
            }
        }
    }

    @Test
    void storeWithKeysIsNotSeeded() {
        try (RedisServer redis = RedisServer.started(directory)) {
            try (Gateway gateway = Gateway.start(Gateway.on(redis.url(), Map.of()))) {
                assertThat(keys(gateway)).isEmpty();
                gateway.key("");
            }
            try (Gateway gateway = seeded(redis)) {
                assertThat(gateway.call(LEGACY).get("code")).isEqualTo("key-unknown");
                assertThat(keys(gateway)).hasSize(1);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"short", "lk_live_cut_off", "with\ttab-inside", "größer-als-ascii"})
    void unusableLegacyKeyRefusesTheStartByName(String unusable, CapturedOutput output) {
        try (RedisServer redis = RedisServer.started(directory)) {
            assertThatThrownBy(
                            () -> Gateway.start(Gateway.on(redis.url(), Map.of("latchkey.keys.legacy-key", unusable)))
                                    .close())
                    .hasRootCauseInstanceOf(StartRefused.class)
                    .hasStackTraceContaining("API_KEY")
                    .hasMessageNotContaining(unusable);
            assertThat(output.getAll()).doesNotContain(unusable);
        }
    }

    @Test
    void aKeyThatIsAlsoTheAdminTokenRefusesTheStart() {
        try (RedisServer redis = RedisServer.started(directory)) {
            assertThatThrownBy(() -> Gateway.start(
                                    Gateway.on(redis.url(), Map.of("latchkey.keys.legacy-key", Gateway.ADMIN_TOKEN)))
                            .close())
                    .hasRootCauseInstanceOf(StartRefused.class)
                    .hasStackTraceContaining("ADMIN_TOKEN")
                    .hasMessageNotContaining(Gateway.ADMIN_TOKEN);
        }
    }

    @Test
    void embeddedStoreWithALegacyKeyGetsNoDemoKey(CapturedOutput output) {
        try (Gateway gateway = Gateway.start("--latchkey.keys.legacy-key=" + LEGACY)) {
            assertThat(gateway.call(LEGACY).status()).isEqualTo(200);
            assertThat(keys(gateway))
                    .singleElement()
                    .extracting(key -> key.path("env").asString())
                    .isEqualTo("live");
            assertThat(output.getAll()).doesNotContainPattern(TOKEN);
        }
    }

    @Test
    void freshEmbeddedStorePrintsItsTokensOnceWithACallThatWorks(CapturedOutput output) throws Exception {
        String[] bare = {"--latchkey.admin-token=", "--latchkey.pepper=", "--latchkey.store.data-dir=" + directory};
        String demo;
        String admin;
        try (Gateway gateway = Gateway.start(bare)) {
            Matcher call = Pattern.compile("curl -H 'X-API-Key: (\\S+)' http://127\\.0\\.0\\.1:(\\d+)(/\\S+)")
                    .matcher(output.getOut());
            assertThat(call.find()).isTrue();
            demo = call.group(1);
            assertThat(Integer.parseInt(call.group(2))).isEqualTo(gateway.port());
            assertThat(gateway.send("GET", call.group(3), "", "X-API-Key", demo).status())
                    .isEqualTo(200);

            admin = Files.readString(directory.resolve("admin-token")).strip();
            assertThat(output.getOut()).containsOnlyOnce(admin);
            Answer listed = gateway.adminAs(admin, "GET", "/admin/keys", "");
            assertThat(listed.json().at("/items")).hasSize(1);
            assertThat(listed.body()).doesNotContain(demo).doesNotContain(admin);
            assertThat(output.getOut().lines().filter(line -> line.startsWith("{")))
                    .isNotEmpty()
                    .noneMatch(line -> TOKEN.matcher(line).find());
        }
        int printed = output.getAll().length();
        try (Gateway gateway = Gateway.start(bare)) {
            assertThat(gateway.call(demo).status()).isEqualTo(200);
            assertThat(gateway.adminAs(admin, "GET", "/admin/keys", "").json().at("/items"))
                    .hasSize(1);
            assertThat(output.getAll().substring(printed)).isNotEmpty().doesNotContainPattern(TOKEN);
        }
    }
}
