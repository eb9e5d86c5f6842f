package io.latchkey.problems;

import static org.assertj.core.api.Assertions.assertThat;

import io.latchkey.Gateway;
import io.latchkey.Gateway.Answer;
import io.latchkey.Gateway.Made;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A query that is mistyped, or that two readers could read differently, is refused and changes nothing. */
class StrictQueryTest {
    private static final Gateway GATEWAY = Gateway.shared();

    @ParameterizedTest
    @ValueSource(
            strings = {"dryrun=true", "dryRun=true&dryRun=false", "dryRun=true&force=true", "dry%52un=true", "=true"})
    void aMistypedRehearsalIsNotTheAct(String query) {
        Made key = GATEWAY.key("\"owner\":\"rehearsed\"");
        Answer answer = GATEWAY.admin("DELETE", "/admin/owners/rehearsed?" + query, "");
        assertThat(answer.status()).as(answer.body()).isEqualTo(400);
        assertThat(answer.get("code")).isEqualTo("bad-request");
        assertThat(GATEWAY.call(key.token()).status()).isEqualTo(200);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "%0d%0aFLUSHALL%0d%0a",
                "*",
                "%00",
                "x%22%5d)%20redis.call('flushall')",
                "%7Bapi_keys:valid%7D:epoch"
            })
    void whatLooksLikeACommandIsAValue(String hostile) {
        Made key = GATEWAY.key("\"owner\":\"plain\"");
        for (String path : new String[] {
            "/admin/keys?owner=",
            "/admin/keys?tag=",
            "/admin/keys?cursor=",
            "/admin/usage?owner=",
            "/admin/audit?cursor="
        }) {
            Answer answer = GATEWAY.admin("GET", path + hostile, "");
            assertThat(answer.status()).as(path + answer.body()).isIn(200, 400);
            assertThat(answer.body()).doesNotContain(key.id());
        }
        assertThat(GATEWAY.call(key.token()).status()).isEqualTo(200);
    }

    @Test
    void aNameGivenTwiceIsNamed() {
        Answer answer = GATEWAY.admin("GET", "/admin/keys?owner=a&owner=b", "");
        assertThat(answer.status()).isEqualTo(400);
        assertThat(answer.get("errors.0.field")).isEqualTo("owner");
    }

    @Test
    void anUnknownNameIsNotRepeatedForItMayBeASecret() {
        Made key = GATEWAY.key("");
        Answer answer = GATEWAY.admin("GET", "/admin/keys?" + key.token(), "");
        assertThat(answer.status()).isEqualTo(400);
        assertThat(answer.get("detail")).contains("owner", "tag").doesNotContain(key.token());
        assertThat(answer.body()).doesNotContain(key.token());
    }

    @Test
    void aCallerCannotAskAboutAnothersKey() {
        Made mine = GATEWAY.key("");
        Made other = GATEWAY.key("");
        for (String query : new String[] {"key=" + other.id(), "owner=", "id=" + other.id()}) {
            for (String path : new String[] {"/api/v1/usage", "/api/v1/keys/self"}) {
                Answer answer = GATEWAY.send("GET", path + "?" + query, "", "X-API-Key", mine.token());
                assertThat(answer.status()).as(path + "?" + query).isEqualTo(400);
            }
        }
    }
}
