package io.latchkey.admin;

import static org.assertj.core.api.Assertions.assertThat;

import io.latchkey.Gateway;
import io.latchkey.Gateway.Answer;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** The life of an admin token, which is a key of another kind and never mistaken for one. */
class TokensTest {
    private final Gateway gateway = Gateway.shared();

    private Answer create(String fields) {
        Answer made = gateway.admin("POST", "/admin/tokens", "{\"name\":\"t\"," + fields + "}");
        assertThat(made.status()).as(made.body()).isEqualTo(201);
        return made;
    }

    private Answer use(String token) {
        return gateway.adminAs(token, "GET", "/admin/keys?limit=1", "");
    }

    private void refused(String token) {
        Answer answer = use(token);
        assertThat(answer.status()).isEqualTo(401);
        assertThat(answer.get("code")).isEqualTo("admin-token-refused");
    }

    private JsonNode listed(String id) {
        for (JsonNode item : gateway.admin("GET", "/admin/tokens", "").json().at("/items")) {
            if (item.at("/id").asString().equals(id)) {
                return item;
            }
        }
        throw new AssertionError(id + " is not listed");
    }

    @Test
    void aNewTokenIsShownOnceAndWorksInItsRole() {
        Answer made = create("\"role\":\"viewer\"");
        String token = made.get("token");
        assertThat(token).startsWith("lk_admin_" + made.get("id") + "_");
        assertThat(made.header("Location")).isEqualTo("/admin/tokens/" + made.get("id"));
        assertThat(made.header("Cache-Control")).contains("no-store");
        assertThat(use(token).status()).isEqualTo(200);
        assertThat(gateway.adminAs(token, "POST", "/admin/keys", "{\"name\":\"n\"}")
                        .status())
                .isEqualTo(403);

        JsonNode item = listed(made.get("id"));
        assertThat(item.at("/name").asString()).isEqualTo("t");
        assertThat(item.at("/role").asString()).isEqualTo("viewer");
        assertThat(item.at("/state").asString()).isEqualTo("active");
        assertThat(token).endsWith(item.at("/secrets/0/last4").asString());
        assertThat(Instant.parse(item.at("/secrets/0/lastUsedAt").asString()))
                .isEqualTo(gateway.time().instant());
        assertThat(gateway.admin("GET", "/admin/tokens", "").body())
                .doesNotContain(token)
                .doesNotContain(Gateway.ADMIN_TOKEN)
                .doesNotContain("digest");
    }

    @Test
    void aRevokedTokenStopsAtOnceAndForGood() {
        Answer made = create("\"role\":\"admin\"");
        assertThat(use(made.get("token")).status()).isEqualTo(200);
        Answer revoked = gateway.admin("DELETE", "/admin/tokens/" + made.get("id"), "");
        assertThat(revoked.status()).isEqualTo(200);
        assertThat(revoked.get("state")).isEqualTo("revoked");
        refused(made.get("token"));
        assertThat(gateway.admin("DELETE", "/admin/tokens/" + made.get("id"), "")
                        .status())
                .isEqualTo(200);
        Answer rotation = gateway.admin("POST", "/admin/tokens/" + made.get("id") + "/rotations", "{}");
        assertThat(rotation.status()).isEqualTo(409);
    }

    @Test
    void aTokenEndsAtItsExpiry() {
        Instant end = gateway.time().instant().plusSeconds(60);
        Answer made = create("\"role\":\"viewer\",\"expiresAt\":\"" + end + "\"");
        gateway.time().advance(Duration.ofMillis(59_999));
        Answer near = use(made.get("token"));
        assertThat(near.status()).isEqualTo(200);
        assertThat(near.header("API-Key-Expires")).isEqualTo("@" + end.getEpochSecond());
        gateway.time().advance(Duration.ofMillis(1));
        refused(made.get("token"));
        assertThat(listed(made.get("id")).at("/state").asString()).isEqualTo("expired");
    }

    @Test
    void bothTokensWorkDuringTheOverlapOfARotation() {
        Answer made = create("\"role\":\"operator\"");
        String rotations = "/admin/tokens/" + made.get("id") + "/rotations";
        Answer rotation = gateway.admin("POST", rotations, "{\"overlap\":\"PT1H\"}");
        assertThat(rotation.status()).as(rotation.body()).isEqualTo(201);
        String fresh = rotation.get("token");
        assertThat(rotation.header("Location")).isEqualTo(rotations + "/" + rotation.get("id"));
        assertThat(rotation.header("Cache-Control")).contains("no-store");
        Answer old = use(made.get("token"));
        assertThat(old.status()).isEqualTo(200);
        assertThat(old.header("API-Key-Status")).isEqualTo("superseded");
        assertThat(use(fresh).status()).isEqualTo(200);
        assertThat(gateway.adminAs(fresh, "POST", "/admin/keys", "{\"name\":\"n\"}")
                        .status())
                .isEqualTo(201);
        assertThat(gateway.adminAs(fresh, "GET", "/admin/audit", "").status()).isEqualTo(403);

        gateway.time().advance(Duration.ofHours(1));
        refused(made.get("token"));
        assertThat(use(fresh).status()).isEqualTo(200);
        Answer state = gateway.admin("GET", rotations + "/" + rotation.get("id"), "");
        assertThat(state.get("state")).isEqualTo("completed");
        assertThat(state.body()).doesNotContain(fresh);
    }

    @Test
    void aPendingTokenStartsTheOverlapWithItsFirstUse() {
        Answer made = create("\"role\":\"viewer\"");
        Answer rotation = gateway.admin(
                "POST",
                "/admin/tokens/" + made.get("id") + "/rotations",
                "{\"overlap\":\"PT0S\",\"activation\":\"first-use\"}");
        assertThat(use(made.get("token")).status()).isEqualTo(200);
        assertThat(use(rotation.get("token")).status()).isEqualTo(200);
        refused(made.get("token"));
    }

    @Test
    void tokensAndKeysAreNeverMistakenForEachOther() {
        Answer token = create("\"role\":\"viewer\"");
        String id = token.get("id");
        List<String> keys = new ArrayList<>();
        String cursor = "";
        do {
            Answer page = gateway.admin("GET", "/admin/keys?limit=100" + cursor, "");
            page.json().at("/items").forEach(item -> keys.add(item.at("/id").asString()));
            cursor = page.json().at("/next").isNull() ? "" : "&cursor=" + page.get("next");
        } while (!cursor.isEmpty());
        assertThat(keys).isNotEmpty().doesNotContain(id, "bootstrap");
        String key = gateway.key("").id();
        String[][] calls = {
            {"GET", "/admin/keys/" + id},
            {"DELETE", "/admin/keys/" + id},
            {"POST", "/admin/keys/" + id + "/disable"},
            {"POST", "/admin/keys/" + id + "/rotations"},
            {"GET", "/admin/keys/" + id + "/rotations"},
            {"DELETE", "/admin/tokens/" + key},
            {"POST", "/admin/tokens/" + key + "/rotations"},
            {"GET", "/admin/tokens/" + key + "/rotations"},
            {"DELETE", "/admin/tokens/neverMade"},
            {"POST", "/admin/tokens/neverMade/rotations"},
        };
        for (String[] call : calls) {
            Answer answer = gateway.admin(call[0], call[1], "");
            assertThat(answer.status()).as(String.join(" ", call)).isEqualTo(404);
            assertThat(answer.get("code")).isEqualTo("resource-not-found");
        }
        assertThat(use(token.get("token")).status()).isEqualTo(200);
    }

    @ParameterizedTest
    @ValueSource(strings = {"root", "ADMIN", "Viewer", "", "system", "key"})
    void aRoleThatDoesNotExistIsRefused(String role) {
        Answer answer = gateway.admin("POST", "/admin/tokens", "{\"name\":\"t\",\"role\":\"" + role + "\"}");
        assertThat(answer.status()).as(answer.body()).isEqualTo(400);
        assertThat(answer.get("errors.0.field")).isEqualTo("role");
    }

    @Test
    void anExpiryThatIsOverIsRefused() {
        String body = "{\"name\":\"t\",\"role\":\"viewer\",\"expiresAt\":\""
                + gateway.time().instant() + "\"}";
        Answer answer = gateway.admin("POST", "/admin/tokens", body);
        assertThat(answer.status()).isEqualTo(400);
        assertThat(answer.get("errors.0.field")).isEqualTo("expiresAt");
    }
}
