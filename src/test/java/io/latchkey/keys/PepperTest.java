package io.latchkey.keys;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.latchkey.Gateway;
import io.latchkey.Gateway.Answer;
import io.latchkey.Gateway.Made;
import io.latchkey.store.RedisServer;
import io.latchkey.store.StartRefused;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The pepper changes without a caller noticing, and never too early. */
class PepperTest {
    private static final String P1 = "first-pepper-0123456789";
    private static final String P2 = "second-pepper-0123456789";
    private static final String LEGACY = "legacy-abc";

    private RedisServer redis;
    private OutsideTool tool;

    @BeforeEach
    void start(@TempDir Path directory) {
        redis = RedisServer.started(directory);
        tool = OutsideTool.at(redis.url());
    }

    @AfterEach
    void stop() {
        tool.close();
        redis.close();
    }

    private Gateway node(String pepper, String previous) {
        return Gateway.start(Gateway.on(
                redis.url(),
                Map.of(
                        "latchkey.pepper", pepper,
                        "latchkey.pepper-previous", previous,
                        "latchkey.keys.legacy-key", LEGACY)));
    }

    private static int hashedWithPrevious(Gateway gateway) {
        return gateway.admin("GET", "/admin/keys?pepper=previous", "")
                .json()
                .at("/items")
                .size();
    }

    private void assertHashedWith(String pepper, String token) {
        await().untilAsserted(() -> assertThat(tool.isValid(pepper, token)).isTrue());
        assertThat(tool.isValid(pepper.equals(P1) ? P2 : P1, token)).isFalse();
    }

    private static void assertIntact(Gateway gateway) {
        assertThat(gateway.admin("GET", "/admin/audit/verify", "").get("intact"))
                .isEqualTo("true");
    }

    private void assertRefusesWithoutTheFirst(int usable) {
        assertThatThrownBy(() -> node(P2, "").close())
                .rootCause()
                .isInstanceOf(StartRefused.class)
                .hasMessageContaining(usable + " usable secrets")
                .hasMessageNotContaining(P1);
    }

    @Test
    void secretsInUseMoveToTheNewPepperAndTheOldOneIsKeptUntilTheLastHasMoved() {
        Made one;
        Made two;
        Made revoked;
        String superseded;
        try (Gateway gateway = node(P1, "")) {
            one = gateway.key("");
            two = gateway.key("");
            revoked = gateway.key("");
            superseded = two.token();
            two = new Made(two.id(), gateway.rotate(two.id(), "{}").get("token"));
            gateway.admin("DELETE", "/admin/keys/" + revoked.id(), "");
            List.of(one.token(), two.token(), superseded, LEGACY).forEach(token -> assertHashedWith(P1, token));
        }
        // The keys of one, LEGACY, both secrets of two, and the admin token.
        assertRefusesWithoutTheFirst(5);

        try (Gateway gateway = node(P2, P1)) {
            assertThat(hashedWithPrevious(gateway)).isEqualTo(3);
            assertThat(gateway.call(one.token()).status()).isEqualTo(200);
            assertHashedWith(P2, one.token());
            assertThat(hashedWithPrevious(gateway)).isEqualTo(2);
            assertThat(gateway.call(LEGACY).status()).isEqualTo(200);
            assertHashedWith(P2, LEGACY);
            assertThat(gateway.call(LEGACY).status()).isEqualTo(200);
            assertThat(gateway.call(two.token()).status()).isEqualTo(200);
            assertHashedWith(P2, two.token());
            // Its other secret is still in its overlap.
            assertThat(hashedWithPrevious(gateway)).isEqualTo(1);
            assertHashedWith(P1, superseded);
            assertThat(gateway.call(revoked.token()).get("code")).isEqualTo("key-revoked");
            assertHashedWith(P2, gateway.key("").token());
            assertIntact(gateway);
        }
        assertRefusesWithoutTheFirst(1);

        try (Gateway gateway = node(P2, P1)) {
            Answer old = gateway.call(superseded);
            assertThat(old.status()).isEqualTo(200);
            assertThat(old.header("API-Key-Status")).isEqualTo("superseded");
            assertHashedWith(P2, superseded);
            assertThat(hashedWithPrevious(gateway)).isZero();
        }
        try (Gateway gateway = node(P2, "")) {
            for (String token : List.of(one.token(), two.token(), superseded, LEGACY)) {
                assertThat(gateway.call(token).status()).isEqualTo(200);
            }
            assertIntact(gateway);
            gateway.key("");
            assertIntact(gateway);
        }
    }

    @Test
    void theStartThatIsRefusedSaysWhatToSet() {
        try (Gateway gateway = node(P1, "")) {
            gateway.key("");
        }
        assertThatThrownBy(() -> node(P2, "").close())
                .rootCause()
                .isInstanceOf(StartRefused.class)
                .extracting("action")
                .asString()
                .contains("LATCHKEY_PEPPER_PREVIOUS", "GET /admin/keys?pepper=previous");
    }

    @Test
    @SuppressWarnings("try") // That a node leaves is what the test is about.
    void aSecretStaysOnThePepperThatEveryNodeHolds() {
        try (Gateway behind = node(P1, "")) {
            Made key = behind.key("");
            try (Gateway ahead = node(P2, P1)) {
                await().during(Duration.ofSeconds(2))
                        .atMost(Duration.ofSeconds(20))
                        .untilAsserted(() -> {
                            assertThat(ahead.call(key.token()).status()).isEqualTo(200);
                            assertThat(tool.isValid(P1, key.token())).isTrue();
                        });
                Made made = ahead.key("");
                assertHashedWith(P1, made.token());
                assertThat(behind.call(made.token()).status()).isEqualTo(200);
                String rotated = ahead.rotate(key.id(), "{}").get("token");
                assertHashedWith(P1, rotated);
                assertThat(behind.call(rotated).status()).isEqualTo(200);
                assertIntact(behind);
                assertIntact(ahead);

                behind.close();
                await().untilAsserted(() -> {
                    assertThat(ahead.call(rotated).status()).isEqualTo(200);
                    assertThat(tool.isValid(P2, rotated)).isTrue();
                });
            }
        }
    }
}
