package io.latchkey.keys;

import static org.assertj.core.api.Assertions.assertThat;

import io.latchkey.Gateway;
import io.latchkey.Gateway.Answer;
import io.latchkey.Gateway.Made;
import io.latchkey.keys.NearCache.Fence;
import io.latchkey.problems.Refusal;
import io.latchkey.store.Redis;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Objects;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** What a caller is told at the door, key by key. */
class KeyCheckTest {
    private final Gateway gateway = Gateway.shared();

    private static void refused(Answer answer, int status, String code) {
        assertThat(answer.status()).as(answer.body()).isEqualTo(status);
        assertThat(answer.get("code")).isEqualTo(code);
        assertThat(answer.header("Content-Type")).startsWith("application/problem+json");
        assertThat(answer.get("requestId")).isNotEmpty().isEqualTo(answer.header("X-Correlation-ID"));
        assertThat(answer.headers().firstValue("WWW-Authenticate").isPresent()).isEqualTo(status == 401);
        if (status == 401) {
            assertThat(answer.header("WWW-Authenticate")).isEqualTo("Bearer realm=\"latchkey\"");
        }
    }

    private static String other(String keyId) {
        return Token.mint("live", keyId, new Random());
    }

    private String expiring(Duration in) {
        return "\"expiresAt\":\"" + gateway.time().instant().plus(in) + "\"";
    }

    /** The answer but for what names this very request. */
    private static String anonymous(Answer answer) {
        return answer.status()
                + answer.headers().map().entrySet().stream()
                        .filter(header ->
                                !header.getKey().matches("(?i)x-correlation-id|date|traceparent|traceresponse"))
                        .toList()
                        .toString()
                + answer.body().replace(answer.get("requestId"), "");
    }

    @Test
    void aCallWithoutAKeyIsToldHowToSendOne() {
        refused(gateway.send("GET", "/api/demo/hello", ""), 401, "key-missing");
        refused(gateway.send("GET", "/api/demo/hello", "", "Authorization", "Basic dTpw"), 401, "key-missing");
    }

    @Test
    void anEmptyCutOrAlteredKeyIsMalformed() {
        String token = gateway.key("").token();
        for (String bad : new String[] {
            "",
            "short",
            token.substring(0, token.length() - 1),
            token + "x",
            "lk_" + token,
            token.replace("lk_live_", "lk_test_"),
            "x".repeat(300)
        }) {
            refused(gateway.call(bad), 401, "key-malformed");
        }
        refused(
                gateway.send("GET", "/api/demo/hello", "", "Authorization", "Bearer lk_nonsense"),
                401,
                "key-malformed");
    }

    @Test
    void noRefusalRepeatsTheKey() {
        String canary = "lk_live_canary123456789canary";
        Answer answer = gateway.call(canary);
        assertThat(answer.body() + answer.headers().map()).doesNotContain("canary");
    }

    @Test
    void aMalformedKeyCostsNoLookUp() {
        long before = gets();
        for (int i = 0; i < 50; i++) {
            refused(gateway.call("lk_live_0VeRxJouCfXW91_" + i), 401, "key-malformed");
        }
        assertThat(gets()).isEqualTo(before);
        refused(gateway.call(other("neverMade")), 401, "key-unknown");
        assertThat(gets()).isGreaterThan(before);
    }

    private long gets() {
        String stats = gateway.bean(Redis.class).onAdmin(commands -> commands.info("commandstats"));
        Matcher calls = Pattern.compile("cmdstat_get:calls=(\\d+)").matcher(stats);
        return calls.find() ? Long.parseLong(calls.group(1)) : 0;
    }

    @Test
    void allWhoCannotProvePossessionGetTheSameBytes() {
        Made active = gateway.key("");
        Made revoked = gateway.key("");
        Made disabled = gateway.key("");
        Made expired = gateway.key(expiring(Duration.ofMinutes(1)));
        gateway.admin("DELETE", "/admin/keys/" + revoked.id(), "");
        gateway.admin("POST", "/admin/keys/" + disabled.id() + "/disable", "");
        gateway.time().advance(Duration.ofMinutes(1));
        Answer unknown = gateway.call(other("neverMade"));
        refused(unknown, 401, "key-unknown");
        for (String token : new String[] {
            other(active.id()),
            other(revoked.id()),
            other(disabled.id()),
            other(expired.id()),
            other("bootstrap"),
            "a-legacy-string-" + new Random().nextLong(),
            Gateway.ADMIN_TOKEN
        }) {
            assertThat(anonymous(gateway.call(token))).isEqualTo(anonymous(unknown));
            assertThat(anonymous(gateway.send("GET", "/api/demo/hello", "", "Authorization", "Bearer " + token)))
                    .isEqualTo(anonymous(unknown));
        }
    }

    @Test
    void itsHolderIsToldThatAKeyExpired() {
        Made key = gateway.key(expiring(Duration.ofHours(1)));
        assertThat(gateway.call(key.token()).status()).isEqualTo(200);
        gateway.time().advance(Duration.ofHours(1).minusMillis(1));
        assertThat(gateway.call(key.token()).status()).isEqualTo(200);
        gateway.time().advance(Duration.ofMillis(1));
        refused(gateway.call(key.token()), 401, "key-expired");
    }

    @Test
    void itsHolderIsToldThatAKeyWasRevoked() {
        Made key = gateway.key("");
        assertThat(gateway.call(key.token()).status()).isEqualTo(200);
        gateway.admin("DELETE", "/admin/keys/" + key.id(), "");
        refused(gateway.call(key.token()), 401, "key-revoked");
    }

    @Test
    void aDisabledKeyIsRefusedUntilItIsEnabled() {
        Made key = gateway.key("");
        assertThat(gateway.call(key.token()).status()).isEqualTo(200);
        gateway.admin("POST", "/admin/keys/" + key.id() + "/disable", "");
        refused(gateway.call(key.token()), 401, "key-disabled");
        gateway.admin("POST", "/admin/keys/" + key.id() + "/enable", "");
        assertThat(gateway.call(key.token()).status()).isEqualTo(200);
    }

    @Test
    void twoKeysInOneRequestAreRefusedWhicheverWay() {
        Made one = gateway.key("");
        Made two = gateway.key("");
        refused(gateway.call(one.token(), "X-API-Key", two.token()), 400, "bad-request");
        refused(gateway.call(one.token(), "X-API-Key", one.token()), 400, "bad-request");
        refused(gateway.call(one.token(), "Authorization", "Bearer " + two.token()), 400, "bad-request");
        refused(gateway.call(one.token(), "Authorization", "bearer  " + two.token()), 400, "bad-request");
        refused(gateway.call(one.token(), "Authorization", "Bearer lk_anything"), 400, "bad-request");
        refused(
                gateway.send(
                        "GET",
                        "/api/demo/hello",
                        "",
                        "Authorization",
                        "Bearer " + one.token(),
                        "Authorization",
                        "Bearer " + two.token()),
                400,
                "bad-request");
    }

    @Test
    void aKeyInTheQueryIsNeverRead() {
        Made key = gateway.key("");
        for (String name : new String[] {"X-API-Key", "api_key", "apikey", "key", "access_token"}) {
            refused(gateway.send("GET", "/api/demo/hello?" + name + "=" + key.token(), ""), 401, "key-missing");
        }
        assertThat(gateway.send("GET", "/api/demo/hello?X-API-Key=" + other("x"), "", "X-API-Key", key.token())
                        .status())
                .isEqualTo(200);
    }

    @Test
    void theKeyIsTakenOutAndTheUpstreamsOwnAuthorizationPasses() {
        Made key = gateway.key("");
        Answer byHeader = gateway.call(key.token(), "Authorization", "Bearer upstream-credential");
        assertThat(byHeader.status()).isEqualTo(200);
        assertThat(byHeader.json().at("/headers/Authorization").asString()).isEqualTo("Bearer upstream-credential");
        assertThat(byHeader.body()).doesNotContain(key.token());

        Answer byBearer = gateway.send("GET", "/api/demo/hello", "", "Authorization", "Bearer " + key.token());
        assertThat(byBearer.status()).isEqualTo(200);
        assertThat(byBearer.body()).doesNotContain(key.token()).doesNotContainIgnoringCase("\"authorization\"");
    }

    @Test
    void aKeyWithoutTheRoutesScopeIsToldWhichOneItLacks() {
        Made without = gateway.key("\"scopes\":[\"other:scope\"]");
        Answer refused = gateway.send("POST", "/api/v1/keys/self/rotations", "", "X-API-Key", without.token());
        refused(refused, 403, "scope-missing");
        assertThat(refused.get("detail")).contains("keys:rotate-self");
    }

    @Test
    void aKeyThatAsksForMoreThanItMayAgainAndAgainIsLookedUpOnceASecondAndAtOnceAfterAChange() {
        Made without = gateway.key("\"scopes\":[\"other:scope\"]");
        Made elsewhere = gateway.key("\"allowedCidrs\":[\"10.0.0.0/8\"]");
        long before = gets();
        for (int i = 0; i < 100; i++) {
            refused(gateway.call(elsewhere.token()), 403, "address-not-allowed");
            Answer refused = gateway.send("POST", "/api/v1/keys/self/rotations", "", "X-API-Key", without.token());
            refused(refused, 403, "scope-missing");
            assertThat(refused.get("detail")).contains("keys:rotate-self");
        }
        assertThat(gets() - before).isLessThan(100);
        assertThat(gateway.call(without.token()).status()).isEqualTo(200);

        Answer seen = gateway.admin("GET", "/admin/keys/" + elsewhere.id(), "");
        Answer patched = gateway.admin(
                "PATCH",
                "/admin/keys/" + elsewhere.id(),
                "{\"allowedCidrs\":[\"127.0.0.0/8\"]}",
                "If-Match",
                seen.header("ETag"));
        assertThat(patched.status()).isEqualTo(200);
        assertThat(gateway.call(elsewhere.token()).status()).isEqualTo(200);
    }

    @Test
    void aKeyWorksFromItsNetworksOnly() {
        Made here = gateway.key("\"allowedCidrs\":[\"10.0.0.0/8\",\"127.0.0.0/8\"]");
        assertThat(gateway.call(here.token()).status()).isEqualTo(200);
        Made elsewhere = gateway.key("\"allowedCidrs\":[\"10.0.0.0/8\",\"::1/128\"]");
        refused(gateway.call(elsewhere.token()), 403, "address-not-allowed");
        refused(gateway.call(elsewhere.token(), "X-Forwarded-For", "10.0.0.1"), 403, "address-not-allowed");
        assertThat(gateway.call(other(elsewhere.id())).get("code")).isEqualTo("key-unknown");
    }

    @Test
    void networksOfIpv6CallersAreCheckedToo() throws IOException {
        Made here = gateway.key("\"allowedCidrs\":[\"::1/128\"]");
        Made elsewhere = gateway.key("\"allowedCidrs\":[\"127.0.0.0/8\",\"2001:db8::/32\"]");
        assertThat(overIpv6(here)).startsWith("HTTP/1.1 200 ");
        assertThat(overIpv6(elsewhere)).startsWith("HTTP/1.1 403 ").contains("address-not-allowed");
    }

    private String overIpv6(Made key) throws IOException {
        try (Socket socket = new Socket(InetAddress.ofLiteral("::1"), gateway.port());
                InputStream in = socket.getInputStream()) {
            socket.setSoTimeout(10_000);
            String request = "GET /api/demo/hello HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nX-API-Key: "
                    + key.token() + "\r\n\r\n";
            socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    @Test
    void aCallerIsWarnedInTheLastSevenDays() {
        Made key = gateway.key(expiring(Duration.ofDays(8)));
        Instant end = gateway.time().instant().plus(Duration.ofDays(8));
        Answer early = gateway.call(key.token());
        assertThat(early.status()).isEqualTo(200);
        assertThat(early.headers().firstValue("API-Key-Expires")).isEmpty();
        gateway.time().advance(Duration.ofDays(1).plusSeconds(1));
        Answer late = gateway.call(key.token());
        assertThat(late.status()).isEqualTo(200);
        assertThat(late.header("API-Key-Expires")).isEqualTo("@" + end.getEpochSecond());
        assertThat(late.header("Access-Control-Expose-Headers")).contains("API-Key-Expires");
        assertThat(late.headers().firstValue("API-Key-Status")).isEmpty();
    }

    @Test
    void anAdminTokenIsNoKeyAndStaysAnAdminToken() {
        refused(gateway.call(Gateway.ADMIN_TOKEN), 401, "key-unknown");
        assertThat(gateway.admin("GET", "/admin/keys", "").status()).isEqualTo(200);
        Answer made = gateway.admin("POST", "/admin/tokens", "{\"name\":\"t\",\"role\":\"viewer\"}");
        refused(gateway.call(made.get("token")), 401, "key-unknown");
        refused(gateway.send("GET", "/api/v1/keys/self", "", "X-API-Key", made.get("token")), 401, "key-unknown");
    }

    @Test
    void anUnknownRouteIsNotFoundWhateverTheKey() {
        refused(gateway.send("GET", "/api/nowhere", ""), 404, "route-not-found");
        refused(gateway.send("GET", "/api/nowhere", "", "X-API-Key", other("x")), 404, "route-not-found");
    }

    @Test
    void aPendingSecretThatWasRolledBackIsRefusedEvenWhereMemoryIsOld() {
        Made made = gateway.key("");
        Answer rotation = gateway.rotate(made.id(), "{\"activation\":\"first-use\"}");
        Key old = Objects.requireNonNull(gateway.bean(KeyStore.class).load(made.id()));
        String path = "/admin/keys/" + made.id() + "/rotations/" + rotation.get("id") + "/rollback";
        assertThat(gateway.admin("POST", path, "{}").status()).isEqualTo(200);
        NearCache cache = gateway.bean(NearCache.class);
        cache.changed(made.id());
        cache.fill(made.id(), () -> old);
        refused(gateway.call(rotation.get("token")), 401, "key-revoked");
    }

    @Test
    void aRefusalThatAChangeOvertookIsNotRemembered() {
        NearCache cache = gateway.bean(NearCache.class);
        Check refused = new Check(null, null, Refusal.KEY_DISABLED);
        Instant now = gateway.time().instant();
        for (String keyId : new String[] {"of-this-test", null}) {
            Fence before = cache.fence(keyId);
            cache.changed("of-this-test");
            cache.refuse("sought " + keyId, refused, before, now);
            assertThat(cache.lately("sought " + keyId, "asked", now)).isNull();
            cache.refuse("sought " + keyId, refused, cache.fence(keyId), now);
            assertThat(cache.lately("sought " + keyId, "asked", now)).isEqualTo(Refusal.KEY_DISABLED);
            cache.changed("of-this-test");
            assertThat(cache.lately("sought " + keyId, "asked", now)).isNull();
        }
    }
}
