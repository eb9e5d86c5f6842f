package io.latchkey.cache;

import static io.latchkey.cache.CacheHouse.ok;
import static org.assertj.core.api.Assertions.assertThat;

import io.latchkey.Gateway;
import io.latchkey.Gateway.Answer;
import io.latchkey.RawClient;
import io.latchkey.store.Redis;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Whose answer is served to whom, and what one caller can do to another's. */
class WhoseTest extends FrozenHouse {
    private static final String other = house.gateway.key("").token();

    private static void answers(String head) {
        house.upstream.script((request, wire) -> {
            wire.readBody();
            wire.write(ok(head, String.valueOf(house.calls())));
        });
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "own | public, max-age=60 | false",
                "own | s-maxage=60 | false",
                "shared | max-age=60 | false",
                "shared | must-revalidate, max-age=60 | false",
                "shared | public, max-age=60 | true",
                "shared | s-maxage=60 | true",
                "shared | private, s-maxage=60 | false"
            })
    void twoKeysShareOnlyWhenRouteAndAnswerBothSaySo(String route, String control, boolean shared) {
        answers("Cache-Control: " + control);
        String target = "/api/" + route + path;
        assertThat(house.get(target).body()).isEqualTo("1");
        Answer theirs = house.as(other, "GET", target, "");
        assertThat(theirs.body()).isEqualTo(shared ? "1" : "2");
        boolean kept = !control.contains("private");
        assertThat(house.get(target).body()).isEqualTo(kept ? "1" : "3");
    }

    @Test
    void twoSecretsOfOneKeyShare() {
        answers("Cache-Control: max-age=60");
        Gateway.Made made = house.gateway.key("");
        String next = house.gateway.rotate(made.id(), "{}").get("token");
        assertThat(house.as(made.token(), "GET", "/api/own" + path, "").body()).isEqualTo("1");
        assertThat(house.as(next, "GET", "/api/own" + path, "").body()).isEqualTo("1");
    }

    @Test
    void aGetWithABodyIsNobodysAnswerButItsOwn() {
        answers("Cache-Control: public, max-age=60");
        String target = "/api/open" + path;
        assertThat(house.send("GET", target, "q=evil").body()).isEqualTo("1");
        assertThat(house.get(target).body()).isEqualTo("2");
        assertThat(house.get(target).body()).isEqualTo("2");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "Authorization | Basic dTpw | max-age=60 | false",
                "Authorization | Basic dTpw | public, max-age=60 | true",
                "Authorization | Basic dTpw | s-maxage=60 | true",
                "Authorization | Basic dTpw | must-revalidate, max-age=60 | true",
                "Cookie | session=1 | max-age=60 | false",
                "Cookie | session=1 | must-revalidate, max-age=60 | false",
                "Cookie | session=1 | proxy-revalidate, max-age=60 | false",
                "Authorization | Basic dTpw | proxy-revalidate, max-age=60 | false",
                "Cookie | session=1 | public, max-age=60 | true"
            })
    void answersToCredentialsAreKeptOnlyWhenTheyAllowIt(String name, String value, String control, boolean kept) {
        answers("Cache-Control: " + control);
        String target = "/api/own" + path;
        assertThat(house.get(target, name, value).body()).isEqualTo("1");
        assertThat(house.get(target, name, value).body()).isEqualTo(kept ? "1" : "2");
        // Nor does what was answered without them serve a request with them.
        house.get(target + "/anonymous");
        int before = house.calls();
        house.get(target + "/anonymous", name, value);
        assertThat(house.calls()).isEqualTo(kept ? before : before + 1);
    }

    @Test
    void theKeyItselfIsNoCredentialOfTheUpstream() {
        answers("Cache-Control: max-age=60");
        for (int i = 0; i < 2; i++) {
            Answer answer = house.gateway.send("GET", "/api/own" + path, "", "Authorization", "Bearer " + house.key);
            assertThat(answer.body()).isEqualTo("1");
        }
    }

    @Test
    void whatTheGatewaySaysIsNeverStored() {
        answers("Cache-Control: max-age=60");
        Gateway.Made made = house.gateway.key("");
        house.gateway.rotate(made.id(), "{}");
        // The old secret is told so, with its answer.
        Answer old = house.as(made.token(), "GET", "/api/own" + path, "");
        assertThat(old.header("API-Key-Status")).isEqualTo("superseded");
        String next = house.gateway.rotate(house.gateway.key("").id(), "{}").get("token");
        assertThat(house.as(next, "GET", "/api/own" + path, "").header("API-Key-Status"))
                .isEmpty();
        Answer hit = house.as(made.token(), "GET", "/api/own" + path, "", "X-Correlation-ID", "mine");
        assertThat(hit.header("Cache-Status")).contains("hit");
        assertThat(hit.headers().allValues("API-Key-Status")).containsExactly("superseded");
        assertThat(hit.headers().allValues("X-Correlation-ID")).containsExactly("mine");
    }

    @Test
    void aKeyWithoutTheScopeGetsNothingFromTheStore() {
        answers("Cache-Control: public, max-age=60");
        house.get("/api/shared" + path);
        assertThat(house.as("lk_not_a_key_at_all", "GET", "/api/shared" + path, "")
                        .status())
                .isEqualTo(401);
        Gateway.Made gone = house.gateway.key("");
        assertThat(house.as(gone.token(), "GET", "/api/shared" + path, "").body())
                .isEqualTo("1");
        house.gateway.admin("DELETE", "/admin/keys/" + gone.id(), "");
        assertThat(house.as(gone.token(), "GET", "/api/shared" + path, "").status())
                .isEqualTo(401);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "X-Forwarded-Host",
                "X-Forwarded-Proto",
                "X-Forwarded-Port",
                "Forwarded",
                "X-Original-URL",
                "X-Rewrite-URL",
                "X-Host",
                "X-Original-Host",
                "X_Forwarded_Host"
            })
    void aHeaderThatIsNotPartOfTheKeyPoisonsNobody(String header) {
        house.upstream.script((request, wire) -> wire.write(
                ok("Cache-Control: public, max-age=60", request.head().contains("evil") ? "poisoned" : "clean")));
        for (String route : new String[] {"/api/shared", "/api/open"}) {
            house.get(route + path, header, "evil.example");
            assertThat(house.as(other, "GET", route + path, "").body()).isEqualTo("clean");
        }
    }

    @Test
    void anotherHostIsAnotherResource() throws IOException {
        house.upstream.script((request, wire) -> wire.write(
                ok("Cache-Control: public, max-age=60", request.head().contains("evil") ? "poisoned" : "clean")));
        assertThat(raw("/api/open" + path, "Host: evil.example").text()).isEqualTo("poisoned");
        assertThat(house.gateway.send("GET", "/api/open" + path, "").body()).isEqualTo("clean");
    }

    private static RawClient.Answer raw(String target, String... lines) throws IOException {
        return RawClient.call(
                house.gateway.port(), "GET " + target + " HTTP/1.1\r\n" + String.join("\r\n", lines) + "\r\n\r\n");
    }

    @ParameterizedTest
    @ValueSource(strings = {"X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"})
    void anOverriddenMethodNeitherFillsNorReadsTheStore(String header) {
        house.upstream.script((request, wire) -> wire.write(
                ok("Cache-Control: public, max-age=60", request.values(header).isEmpty() ? "read" : "deleted")));
        String target = "/api/open" + path;
        assertThat(house.get(target, header, "DELETE").body()).isEqualTo("deleted");
        assertThat(house.get(target).body()).isEqualTo("read");
        assertThat(house.get(target, header, "DELETE").body()).isEqualTo("deleted");
        // It may have deleted: what was stored is not believed any more.
        int before = house.calls();
        house.get(target);
        assertThat(house.calls()).isEqualTo(before + 1);
    }

    @Test
    void anOverriddenMethodThatAsksForAnUpgradeEndsWhatIsStoredToo() throws IOException {
        answers("Cache-Control: public, max-age=60");
        String target = "/api/open" + path;
        assertThat(house.get(target).body()).isEqualTo("1");
        String[] lines = {"Host: g", "Connection: Upgrade", "Upgrade: websocket", "X-HTTP-Method-Override: DELETE"};
        assertThat(raw(target, lines).text()).isEqualTo("2");
        assertThat(house.get(target).body()).isEqualTo("3");
    }

    @Test
    void aWebSocketPassesThroughARouteWithACache() throws IOException {
        house.upstream.script((request, wire) -> {
            wire.write("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nhello");
            wire.echo(5);
            wire.end();
        });
        try (RawClient client = new RawClient(house.gateway.port())) {
            client.send("GET /api/open" + path
                    + " HTTP/1.1\r\nHost: g\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
            RawClient.Head head = client.receiveHead();
            assertThat(head.status()).isEqualTo(101);
            assertThat(head.values("Cache-Status")).containsExactly("latchkey; fwd=bypass");
            assertThat(client.receiveBytes(5)).isEqualTo("hello");
            client.send("12345");
            assertThat(client.receiveToEnd()).isEqualTo("12345");
        }
    }

    @Test
    void theQueryIsPartOfThePath() {
        answers("Cache-Control: public, max-age=60");
        assertThat(house.get("/api/open" + path + "?a=1").body()).isEqualTo("1");
        assertThat(house.get("/api/open" + path + "?a=2").body()).isEqualTo("2");
        assertThat(house.get("/api/open" + path).body()).isEqualTo("3");
        assertThat(house.get("/api/open" + path + "?a=1").body()).isEqualTo("1");
    }

    @Test
    void noSecretIsInTheStore() {
        answers("Cache-Control: public, max-age=60\nVary: Authorization");
        String credential = Base64.getEncoder().encodeToString("user:canary-password".getBytes(StandardCharsets.UTF_8));
        house.get("/api/shared" + path, "Authorization", "Basic " + credential);
        assertThat(house.get("/api/shared" + path, "Authorization", "Basic " + credential)
                        .header("Cache-Status"))
                .contains("hit");
        Redis redis = house.gateway.bean(Redis.class);
        List<String> keys = redis.onAdmin(commands -> commands.keys("latchkey:cache:*"));
        StringBuilder store = new StringBuilder(keys.toString());
        for (String key : keys) {
            if (!key.endsWith(":purges")) {
                store.append(redis.<String>onAdmin(commands -> commands.get(key)));
            }
        }
        assertThat(store).contains("latchkey:cache:", "Cache-Control").doesNotContain(credential, house.key);
    }
}
