package io.latchkey.rotation;

import static org.assertj.core.api.Assertions.assertThat;

import io.latchkey.Gateway;
import io.latchkey.Gateway.Answer;
import io.latchkey.Gateway.Made;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;

/** What holds for every rotation, whatever was done before it. */
class RotationInvariantsTest {
    private final Gateway gateway = Gateway.shared();

    private Answer begin(Made key, String body) {
        return gateway.admin("POST", "/admin/keys/" + key.id() + "/rotations", body);
    }

    @Test
    void oldDeadlineIsTheEarlierOfItsOwnExpiryAndTheOverlap() {
        Instant now = gateway.time().instant();
        Made late = gateway.key("\"expiresAt\":\"" + now.plusSeconds(7200) + "\"");
        assertThat(begin(late, "{\"overlap\":\"PT1H\"}").get("oldSecretNotAfter"))
                .isEqualTo(now.plusSeconds(3600).toString());
        Made early = gateway.key("\"expiresAt\":\"" + now.plusSeconds(1800) + "\"");
        assertThat(begin(early, "{\"overlap\":\"PT1H\"}").get("oldSecretNotAfter"))
                .isEqualTo(now.plusSeconds(1800).toString());
    }

    @Test
    void laterExpiryOfTheKeyDoesNotLengthenAnOldSecretsDeadline() {
        Instant expiry = gateway.time().instant().plusSeconds(60);
        Made key = gateway.key("\"expiresAt\":\"" + expiry + "\"");
        Answer rotation = begin(key, "{\"overlap\":\"PT24H\"}");
        String later = "{\"expiresAt\":\"" + expiry.plusSeconds(86_400) + "\"}";
        assertThat(gateway.admin("PATCH", "/admin/keys/" + key.id(), later, "If-Match", "*")
                        .status())
                .isEqualTo(200);
        gateway.time().advance(Duration.ofSeconds(60));
        assertThat(gateway.call(key.token()).get("code")).isEqualTo("key-superseded");
        assertThat(gateway.call(rotation.get("token")).status()).isEqualTo(200);
    }

    @Test
    void extendBeyondTheKeysExpiryIsRefused() {
        Instant expiry = gateway.time().instant().plusSeconds(3600);
        Made key = gateway.key("\"expiresAt\":\"" + expiry + "\"");
        Answer rotation = begin(key, "{\"overlap\":\"PT1M\"}");
        String extend = "/admin/keys/" + key.id() + "/rotations/" + rotation.get("id") + "/extend";
        assertThat(gateway.admin("POST", extend, "{\"until\":\"" + expiry.plusSeconds(1) + "\"}")
                        .status())
                .isEqualTo(409);
        assertThat(gateway.admin("POST", extend, "{\"until\":\"" + expiry + "\"}")
                        .get("oldSecretNotAfter"))
                .isEqualTo(expiry.toString());
    }

    @Test
    void deadlineIsNeverRoundedUp() {
        Made key = gateway.key("");
        Instant now = gateway.time().instant();
        Answer rotation = begin(key, "{\"overlap\":\"PT1.5S\"}");
        assertThat(rotation.get("oldSecretNotAfter"))
                .isEqualTo(now.plusMillis(1500).toString());
        gateway.time().advance(Duration.ofMillis(1500));
        assertThat(gateway.call(key.token()).get("code")).isEqualTo("key-superseded");
    }

    @Test
    void overlapOfZeroEndsTheOldSecretWithTheRotation() {
        Made key = gateway.key("");
        Answer rotation = begin(key, "{\"overlap\":\"PT0S\"}");
        assertThat(gateway.call(key.token()).get("code")).isEqualTo("key-superseded");
        assertThat(gateway.call(rotation.get("token")).status()).isEqualTo(200);
    }

    @Test
    void overlapOutsideItsRangeIsRefusedByName() {
        Made key = gateway.key("");
        for (String overlap : new String[] {"PT-1S", "P30DT1S"}) {
            Answer refused = begin(key, "{\"overlap\":\"" + overlap + "\"}");
            assertThat(refused.status()).isEqualTo(400);
            assertThat(refused.get("errors.0.field")).isEqualTo("overlap");
        }
        assertThat(begin(key, "{\"overlap\":\"P30D\"}").status()).isEqualTo(201);
    }

    @Test
    void expiredOrRevokedKeyIsNeitherRotatedNorRevived() {
        Instant soon = gateway.time().instant().plusSeconds(60);
        Made expired = gateway.key("\"expiresAt\":\"" + soon + "\"");
        gateway.time().advance(Duration.ofSeconds(60));
        assertThat(gateway.call(expired.token()).get("code")).isEqualTo("key-expired");
        assertThat(begin(expired, "{}").status()).isEqualTo(409);
        String later = "{\"expiresAt\":\"" + soon.plusSeconds(3600) + "\"}";
        assertThat(gateway.admin("PATCH", "/admin/keys/" + expired.id(), later, "If-Match", "*")
                        .status())
                .isEqualTo(409);

        Made revoked = gateway.key("");
        gateway.admin("DELETE", "/admin/keys/" + revoked.id(), "");
        assertThat(begin(revoked, "{}").status()).isEqualTo(409);
        assertThat(gateway.admin("POST", "/admin/keys/" + revoked.id() + "/enable", "")
                        .status())
                .isEqualTo(409);
        assertThat(gateway.call(revoked.token()).get("code")).isEqualTo("key-revoked");
    }

    @Test
    void atMostTwoSupersededSecretsWork() {
        Made key = gateway.key("");
        Answer second = begin(key, "{\"overlap\":\"PT1H\"}");
        Answer third = begin(key, "{\"overlap\":\"PT1H\"}");
        assertThat(begin(key, "{\"overlap\":\"PT1H\"}").status()).isEqualTo(409);
        assertThat(gateway.call(key.token()).status()).isEqualTo(200);
        assertThat(gateway.call(second.get("token")).status()).isEqualTo(200);
        assertThat(gateway.call(third.get("token")).status()).isEqualTo(200);
        gateway.time().advance(Duration.ofHours(1));
        assertThat(begin(key, "{\"overlap\":\"PT1H\"}").status()).isEqualTo(201);
    }

    @Test
    void atMostOneSecretIsPending() {
        Made key = gateway.key("");
        assertThat(begin(key, "{\"activation\":\"first-use\"}").status()).isEqualTo(201);
        assertThat(begin(key, "{\"activation\":\"first-use\"}").status()).isEqualTo(409);
    }

    @Test
    void aSecondRotationNeverLengthensAnEarlierDeadline() {
        Made key = gateway.key("");
        Answer first = begin(key, "{\"overlap\":\"PT10S\"}");
        begin(key, "{\"overlap\":\"P30D\"}");
        Answer seen = gateway.admin("GET", "/admin/keys/" + key.id() + "/rotations/" + first.get("id"), "");
        assertThat(seen.get("oldSecretNotAfter")).isEqualTo(first.get("oldSecretNotAfter"));
        gateway.time().advance(Duration.ofSeconds(10));
        assertThat(gateway.call(key.token()).get("code")).isEqualTo("key-superseded");
    }

    @Test
    void manyRotationsKeepFourSecretsAndTheNewestWorks() {
        Made key = gateway.key("");
        String token = key.token();
        for (int i = 0; i < 8; i++) {
            token = begin(key, "{\"overlap\":\"PT0S\"}").get("token");
            gateway.time().advance(Duration.ofMillis(5));
        }
        assertThat(gateway.call(token).status()).isEqualTo(200);
        assertThat(gateway.admin("GET", "/admin/keys/" + key.id(), "")
                        .json()
                        .at("/secrets")
                        .size())
                .isEqualTo(4);
    }

    @Test
    void aRotationThatLapsedIsCancelledForEverAndCannotCutOffItsCallers() {
        Made key = gateway.key("");
        Answer first = begin(key, "{\"activation\":\"first-use\"}");
        for (int i = 0; i < 5; i++) {
            gateway.time().advance(Duration.ofDays(7));
            begin(key, "{\"activation\":\"first-use\"}");
        }
        String path = "/admin/keys/" + key.id() + "/rotations/" + first.get("id");
        Answer seen = gateway.admin("GET", path, "");
        assertThat(seen.get("state")).isEqualTo("cancelled");
        assertThat(seen.json().at("/safeToFinish").asBoolean()).isFalse();
        assertThat(gateway.admin("POST", path + "/finish", "{\"force\":true}").status())
                .isEqualTo(409);
        assertThat(gateway.call(key.token()).status()).isEqualTo(200);

        gateway.time().advance(Duration.ofDays(7));
        assertThat(begin(key, "{\"overlap\":\"PT1H\"}").status()).isEqualTo(201);
        assertThat(gateway.admin("GET", path, "").get("state")).isEqualTo("cancelled");
    }
}
