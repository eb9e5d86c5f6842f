package io.latchkey.rotation;

import static org.assertj.core.api.Assertions.assertThat;

import io.latchkey.Gateway;
import io.latchkey.Gateway.Answer;
import io.latchkey.Gateway.Made;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;

/** What operators and callers see of a rotation, from its beginning to its end. */
class RotationLifeTest {
    private final Gateway gateway = Gateway.shared();

    private Answer move(Made key, Answer rotation, String move, String body) {
        return gateway.admin("POST", "/admin/keys/" + key.id() + "/rotations/" + rotation.get("id") + "/" + move, body);
    }

    private Answer state(Made key, Answer rotation) {
        return gateway.admin("GET", "/admin/keys/" + key.id() + "/rotations/" + rotation.get("id"), "");
    }

    @Test
    void bothSecretsWorkDuringTheOverlapAndOnlyTheNewOneAfterIt() {
        Made key = gateway.key("");
        Answer rotation = gateway.rotate(key.id(), "{\"overlap\":\"PT5S\"}");
        Instant deadline = Instant.parse(rotation.get("oldSecretNotAfter"));

        Answer old = gateway.call(key.token());
        assertThat(old.status()).isEqualTo(200);
        assertThat(old.header("API-Key-Status")).isEqualTo("superseded");
        assertThat(old.header("API-Key-Expires")).isEqualTo("@" + deadline.getEpochSecond());
        assertThat(old.header("Link")).contains("rel=\"help\"");
        Answer fresh = gateway.call(rotation.get("token"));
        assertThat(fresh.status()).isEqualTo(200);
        assertThat(fresh.headers().firstValue("API-Key-Status")).isEmpty();

        gateway.time().advance(Duration.ofMillis(4_999));
        assertThat(gateway.call(key.token()).status()).isEqualTo(200);
        gateway.time().advance(Duration.ofMillis(1));
        Answer late = gateway.call(key.token());
        assertThat(late.status()).isEqualTo(401);
        assertThat(late.get("code")).isEqualTo("key-superseded");
        assertThat(gateway.call(rotation.get("token")).status()).isEqualTo(200);
        assertThat(state(key, rotation).get("state")).isEqualTo("completed");
    }

    @Test
    void keyIdAndScopesSurviveARotation() {
        Made key = gateway.key("\"scopes\":[\"a:b\"]");
        Answer rotation = gateway.rotate(key.id(), "{}");
        Answer self = gateway.send("GET", "/api/v1/keys/self", "", "X-API-Key", rotation.get("token"));
        assertThat(self.get("id")).isEqualTo(key.id());
        assertThat(self.json().at("/scopes/0").asString()).isEqualTo("a:b");
    }

    @Test
    void aPendingSecretStartsTheOverlapWithItsFirstUse() {
        Made key = gateway.key("");
        Answer rotation = gateway.rotate(key.id(), "{\"overlap\":\"PT10S\",\"activation\":\"first-use\"}");
        assertThat(rotation.get("state")).isEqualTo("pending");
        gateway.time().advance(Duration.ofDays(1));
        assertThat(gateway.call(key.token()).headers().firstValue("API-Key-Status"))
                .isEmpty();

        assertThat(gateway.call(rotation.get("token")).status()).isEqualTo(200);
        assertThat(state(key, rotation).get("state")).isEqualTo("overlapping");
        assertThat(gateway.call(key.token()).header("API-Key-Status")).isEqualTo("superseded");
        gateway.time().advance(Duration.ofSeconds(10));
        assertThat(gateway.call(key.token()).get("code")).isEqualTo("key-superseded");
        assertThat(gateway.call(rotation.get("token")).status()).isEqualTo(200);
    }

    @Test
    void aPendingSecretThatNobodyUsesIsCancelledAfterSevenDays() {
        Made key = gateway.key("");
        Answer rotation = gateway.rotate(key.id(), "{\"activation\":\"first-use\"}");
        gateway.time().advance(Duration.ofDays(7));
        assertThat(state(key, rotation).get("state")).isEqualTo("cancelled");
        assertThat(gateway.call(rotation.get("token")).status()).isEqualTo(401);
        assertThat(gateway.call(key.token()).status()).isEqualTo(200);
        gateway.rotate(key.id(), "{\"activation\":\"first-use\"}");
    }

    @Test
    void finishIsRefusedWhileTheOldSecretIsInUseAndShowsWhoUsesIt() {
        Made key = gateway.key("");
        Answer rotation = gateway.rotate(key.id(), "{}");
        assertThat(gateway.call(key.token(), "User-Agent", "old-client/1.0").status())
                .isEqualTo(200);

        Answer refused = move(key, rotation, "finish", "{}");
        assertThat(refused.status()).isEqualTo(409);
        assertThat(refused.get("code")).isEqualTo("conflict");
        Answer seen = state(key, rotation);
        assertThat(seen.get("oldSecret.callers.0.userAgent")).isEqualTo("old-client/1.0");
        assertThat(seen.get("oldSecret.callers.0.ip")).isEqualTo("127.0.0.1");
        assertThat(seen.get("oldSecret.hits")).isEqualTo("1");
        assertThat(seen.json().at("/safeToFinish").asBoolean()).isFalse();

        gateway.time().advance(Duration.ofMinutes(10).plusSeconds(1));
        assertThat(state(key, rotation).json().at("/safeToFinish").asBoolean()).isTrue();
        assertThat(move(key, rotation, "finish", "{}").status()).isEqualTo(200);
        assertThat(gateway.call(key.token()).get("code")).isEqualTo("key-superseded");
        assertThat(state(key, rotation).get("state")).isEqualTo("completed");
    }

    @Test
    void finishWithForceEndsTheOldSecretAtOnce() {
        Made key = gateway.key("");
        Answer rotation = gateway.rotate(key.id(), "{}");
        assertThat(gateway.call(key.token()).status()).isEqualTo(200);
        assertThat(move(key, rotation, "finish", "{\"force\":true}").status()).isEqualTo(200);
        assertThat(gateway.call(key.token()).get("code")).isEqualTo("key-superseded");
    }

    @Test
    void rollbackRevivesTheOldSecretAndEndsTheNewOne() {
        Made key = gateway.key("");
        Answer rotation = gateway.rotate(key.id(), "{}");
        Answer rolledBack = move(key, rotation, "rollback", "{}");
        assertThat(rolledBack.status()).isEqualTo(200);
        assertThat(rolledBack.get("state")).isEqualTo("rolled-back");
        assertThat(gateway.call(rotation.get("token")).get("code")).isEqualTo("key-revoked");
        Answer old = gateway.call(key.token());
        assertThat(old.status()).isEqualTo(200);
        assertThat(old.headers().firstValue("API-Key-Status")).isEmpty();
        gateway.time().advance(Duration.ofDays(30));
        assertThat(gateway.call(key.token()).status()).isEqualTo(200);
    }

    @Test
    void rollbackIsRefusedOnceTheNewSecretIsUsedUnlessForced() {
        Made key = gateway.key("");
        Answer rotation = gateway.rotate(key.id(), "{}");
        assertThat(gateway.call(rotation.get("token")).status()).isEqualTo(200);
        assertThat(move(key, rotation, "rollback", "{}").status()).isEqualTo(409);
        assertThat(move(key, rotation, "rollback", "{\"force\":true}").status()).isEqualTo(200);
        assertThat(gateway.call(key.token()).status()).isEqualTo(200);
    }

    @Test
    void rollbackIsRefusedWhileALaterRotationBuildsOnIt() {
        Made key = gateway.key("");
        Answer first = gateway.rotate(key.id(), "{}");
        Answer second = gateway.rotate(key.id(), "{\"activation\":\"first-use\"}");
        assertThat(move(key, first, "rollback", "{\"force\":true}").status()).isEqualTo(409);
        assertThat(move(key, second, "rollback", "{}").status()).isEqualTo(200);
        assertThat(move(key, first, "rollback", "{}").status()).isEqualTo(200);
        assertThat(gateway.call(key.token()).status()).isEqualTo(200);
    }

    @Test
    void rollbackAfterTheDeadlineIsRefused() {
        Made key = gateway.key("");
        Answer rotation = gateway.rotate(key.id(), "{\"overlap\":\"PT1M\"}");
        gateway.time().advance(Duration.ofMinutes(1));
        assertThat(move(key, rotation, "rollback", "{\"force\":true}").status()).isEqualTo(409);
        assertThat(gateway.call(key.token()).status()).isEqualTo(401);
    }

    @Test
    void extendMovesTheDeadlineOnlyForwardsAndOnlyWhileTheOverlapRuns() {
        Made key = gateway.key("");
        Answer rotation = gateway.rotate(key.id(), "{\"overlap\":\"PT1H\"}");
        Instant deadline = Instant.parse(rotation.get("oldSecretNotAfter"));
        String earlier = "{\"until\":\"" + deadline.minusSeconds(1) + "\"}";
        String later = "{\"until\":\"" + deadline.plusSeconds(60) + "\"}";
        assertThat(move(key, rotation, "extend", earlier).status()).isEqualTo(409);
        assertThat(move(key, rotation, "extend", later).get("oldSecretNotAfter"))
                .isEqualTo(deadline.plusSeconds(60).toString());
        gateway.time().advance(Duration.ofHours(1));
        assertThat(gateway.call(key.token()).status()).isEqualTo(200);
        gateway.time().advance(Duration.ofSeconds(60));
        assertThat(gateway.call(key.token()).get("code")).isEqualTo("key-superseded");
        assertThat(move(key, rotation, "extend", "{\"until\":\"" + deadline.plusSeconds(600) + "\"}")
                        .status())
                .isEqualTo(409);
    }

    @Test
    void repeatedRequestWithTheSameIdempotencyKeyIsTheSameRotationWithoutItsSecret() {
        Made key = gateway.key("");
        String path = "/admin/keys/" + key.id() + "/rotations";
        Answer first = gateway.admin("POST", path, "{\"overlap\":\"PT1H\"}", "Idempotency-Key", "once-" + key.id());
        Answer again = gateway.admin("POST", path, "{\"overlap\":\"PT1H\"}", "Idempotency-Key", "once-" + key.id());
        assertThat(again.status()).isEqualTo(201);
        assertThat(again.get("id")).isEqualTo(first.get("id"));
        assertThat(again.json().has("token")).isFalse();
        assertThat(again.header("Idempotency-Replayed")).isEqualTo("true");
        assertThat(gateway.admin("GET", "/admin/keys/" + key.id(), "")
                        .json()
                        .at("/secrets")
                        .size())
                .isEqualTo(2);
        Answer other = gateway.admin("POST", path, "{\"overlap\":\"PT2H\"}", "Idempotency-Key", "once-" + key.id());
        assertThat(other.status()).isEqualTo(422);
    }

    @Test
    void keyWithTheScopeRotatesItselfAndNoOther() {
        Made plain = gateway.key("");
        assertThat(gateway.send("POST", "/api/v1/keys/self/rotations", "", "X-API-Key", plain.token())
                        .get("code"))
                .isEqualTo("scope-missing");
        Made key = gateway.key("\"scopes\":[\"keys:rotate-self\"]");
        Answer rotation = gateway.send(
                "POST", "/api/v1/keys/self/rotations", "", "X-API-Key", key.token(), "Idempotency-Key", "mine");
        assertThat(rotation.status()).isEqualTo(201);
        assertThat(rotation.get("keyId")).isEqualTo(key.id());
        assertThat(gateway.call(rotation.get("token")).status()).isEqualTo(200);
        Answer lost = gateway.send(
                "POST", "/api/v1/keys/self/rotations", "", "X-API-Key", key.token(), "Idempotency-Key", "mine");
        assertThat(lost.get("id")).isEqualTo(rotation.get("id"));
        assertThat(gateway.send("POST", "/api/v1/keys/self/rotations", "", "X-API-Key", key.token())
                        .status())
                .isEqualTo(409);
    }
}
