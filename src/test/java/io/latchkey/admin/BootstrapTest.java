package io.latchkey.admin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.latchkey.Gateway;
import io.latchkey.Gateway.Answer;
import io.latchkey.store.RedisServer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** The first operator's token, over restarts with one Redis. */
class BootstrapTest {
    private static final String FIRST = "first-admin-token-0123456789";
    private static final String SECOND = "second-admin-token-0123456789";
    private static final String THIRD = "third-admin-token-0123456789";

    @TempDir
    private Path directory;

    private RedisServer redis = RedisServer.on(0, Path.of("."));

    @BeforeEach
    void startRedis() {
        redis = RedisServer.started(directory.resolve("redis"));
    }

    @AfterEach
    void stopRedis() {
        redis.close();
    }

    private Gateway started(String adminToken) {
        return Gateway.frozen(Gateway.on(redis.url(), Map.of("latchkey.admin-token", adminToken)));
    }

    private static int use(Gateway gateway, String token) {
        return gateway.adminAs(token, "GET", "/admin/keys", "").status();
    }

    private static JsonNode audit(Gateway gateway, String token) {
        return gateway.adminAs(token, "GET", "/admin/audit?limit=200", "")
                .json()
                .at("/items");
    }

    @Test
    void aChangedTokenWorksAndTheFormerOneForADayMore() {
        try (Gateway before = started(FIRST)) {
            assertThat(use(before, FIRST)).isEqualTo(200);
            assertThat(use(before, SECOND)).isEqualTo(401);
        }
        try (Gateway after = started(SECOND)) {
            assertThat(use(after, SECOND)).isEqualTo(200);
            Answer former = after.adminAs(FIRST, "GET", "/admin/keys", "");
            assertThat(former.status()).isEqualTo(200);
            assertThat(former.header("API-Key-Status")).isEqualTo("superseded");

            JsonNode entry = audit(after, SECOND).at("/0");
            assertThat(entry.at("/action").asString()).isEqualTo("token.bootstrap");
            assertThat(entry.at("/actor/id").asString()).isEqualTo("gateway");
            assertThat(entry.at("/target").asString()).isEqualTo("bootstrap");
            assertThat(entry.at("/before/secrets").size()).isEqualTo(1);
            assertThat(entry.at("/after/secrets").size()).isEqualTo(2);
            assertThat(entry.toString()).doesNotContain(FIRST).doesNotContain(SECOND);

            after.time().advance(Duration.ofHours(24).minusMillis(1));
            assertThat(use(after, FIRST)).isEqualTo(200);
            after.time().advance(Duration.ofMillis(1));
            assertThat(use(after, FIRST)).isEqualTo(401);
            assertThat(use(after, SECOND)).isEqualTo(200);
        }
    }

    @Test
    void aRestartWithTheSameOrAFormerTokenChangesNothing() {
        started(FIRST).close();
        started(SECOND).close();
        int entries;
        try (Gateway same = started(SECOND)) {
            entries = audit(same, SECOND).size();
        }
        try (Gateway former = started(FIRST)) {
            assertThat(audit(former, SECOND).size()).isEqualTo(entries);
            Answer current = former.adminAs(SECOND, "GET", "/admin/tokens", "");
            assertThat(current.status()).isEqualTo(200);
            assertThat(current.headers().firstValue("API-Key-Status")).isEmpty();
            assertThat(current.json().at("/items").size()).isEqualTo(1);
            assertThat(current.json().at("/items/0/secrets").size()).isEqualTo(2);
            former.time().advance(Duration.ofHours(24));
            assertThat(use(former, FIRST)).isEqualTo(401);
            assertThat(use(former, SECOND)).isEqualTo(200);
        }
    }

    @Test
    void aRevokedTokenStaysRevokedUntilANewOneIsGiven() {
        try (Gateway gateway = started(FIRST)) {
            assertThat(gateway.adminAs(FIRST, "DELETE", "/admin/tokens/bootstrap", "")
                            .status())
                    .isEqualTo(200);
            assertThat(use(gateway, FIRST)).isEqualTo(401);
        }
        try (Gateway gateway = started(FIRST)) {
            assertThat(use(gateway, FIRST)).isEqualTo(401);
        }
        try (Gateway gateway = started(THIRD)) {
            assertThat(use(gateway, THIRD)).isEqualTo(200);
            assertThat(use(gateway, FIRST)).isEqualTo(401);
            assertThat(audit(gateway, THIRD).at("/0/action").asString()).isEqualTo("token.bootstrap");
            assertThat(gateway.adminAs(THIRD, "GET", "/admin/audit/verify", "")
                            .json()
                            .at("/intact")
                            .asBoolean())
                    .isTrue();
        }
        try (Gateway gateway = started(FIRST)) {
            assertThat(use(gateway, FIRST)).isEqualTo(401);
            assertThat(use(gateway, THIRD)).isEqualTo(200);
        }
    }

    @Test
    void manyChangesInARowNeverLockTheNewestOut() {
        for (int i = 0; i < 5; i++) {
            try (Gateway gateway = started("changing-admin-token-" + i)) {
                assertThat(use(gateway, "changing-admin-token-" + i)).isEqualTo(200);
                if (i > 0) {
                    assertThat(use(gateway, "changing-admin-token-" + (i - 1))).isEqualTo(200);
                }
            }
        }
    }

    @Test
    void onAnExternalRedisTheSecretsMustBeGiven() {
        refusedWithout("latchkey.admin-token", "", "ADMIN_TOKEN");
        refusedWithout("latchkey.pepper", "", "LATCHKEY_PEPPER");
    }

    @Test
    void secretsThatAreNotUsableAreRefusedWithoutBeingRepeated() {
        refusedWithout("latchkey.admin-token", "short", "ADMIN_TOKEN");
        refusedWithout("latchkey.admin-token", "fifteen-canary-", "ADMIN_TOKEN");
        refusedWithout("latchkey.admin-token", "lk_admin_cut_canary", "ADMIN_TOKEN");
        refusedWithout("latchkey.pepper", "canary", "LATCHKEY_PEPPER");
        refusedWithout("latchkey.keys.legacy-key", "lk_canary_canary", "API_KEY");
    }

    private void refusedWithout(String property, String value, String variable) {
        Map<String, String> more = new HashMap<>(Map.of("latchkey.admin-token", FIRST));
        more.put(property, value);
        Throwable refused = catchThrowable(
                () -> Gateway.frozen(Gateway.on(redis.url(), more)).close());
        assertThat(refused).as(property).isNotNull();
        Throwable cause = refused;
        while (cause.getCause() != null) {
            cause = cause.getCause();
        }
        assertThat(cause.getClass().getSimpleName()).isEqualTo("StartRefused");
        assertThat(cause).hasMessageContaining(variable);
        if (value.length() > 5) {
            assertThat(cause.getMessage()).doesNotContain(value);
        }
    }
}
