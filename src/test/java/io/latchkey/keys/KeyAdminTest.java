package io.latchkey.keys;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.latchkey.Gateway;
import io.latchkey.Gateway.Answer;
import io.latchkey.Gateway.Made;
import io.latchkey.store.Peppers;
import io.latchkey.store.Redis;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** The life of a key as its operators see it, and what outside tools see of it in Redis. */
class KeyAdminTest {
    private final Gateway gateway = Gateway.shared();

    private Answer create(String body, String... headers) {
        return gateway.admin("POST", "/admin/keys", body, headers);
    }

    private Answer get(String id) {
        return gateway.admin("GET", "/admin/keys/" + id, "");
    }

    private Answer patch(String id, String body, String... headers) {
        return gateway.admin("PATCH", "/admin/keys/" + id, body, headers);
    }

    private Answer act(String id, String act) {
        return gateway.admin("POST", "/admin/keys/" + id + "/" + act, "");
    }

    private Answer revoke(String id, String... headers) {
        return gateway.admin("DELETE", "/admin/keys/" + id, "", headers);
    }

    private static void refused(Answer answer, int status, String code) {
        assertThat(answer.status()).as(answer.body()).isEqualTo(status);
        assertThat(answer.get("code")).isEqualTo(code);
        assertThat(answer.header("Content-Type")).startsWith("application/problem+json");
    }

    private static String unique() {
        return "o-" + UUID.randomUUID();
    }

    private static String sha256(String token) {
        return HexFormat.of().formatHex(Peppers.sha256(token));
    }

    private boolean usable(String token) {
        String digest = gateway.bean(Peppers.class).current().digest(Peppers.sha256(token));
        return gateway.bean(Redis.class).<Boolean>onAdmin(commands -> commands.sismember("api_keys:valid", digest));
    }

    private static List<String> ids(Answer page) {
        assertThat(page.status()).as(page.body()).isEqualTo(200);
        List<String> ids = new ArrayList<>();
        for (JsonNode item : page.json().at("/items")) {
            ids.add(item.at("/id").asString());
        }
        return ids;
    }

    private List<String> listed(String query) {
        List<String> all = new ArrayList<>();
        String cursor = "";
        do {
            Answer page = gateway.admin("GET", "/admin/keys?limit=100" + query + cursor, "");
            all.addAll(ids(page));
            cursor = page.json().at("/next").isNull() ? "" : "&cursor=" + page.get("next");
        } while (!cursor.isEmpty());
        return all;
    }

    @Test
    void keyIsOverdueFromTheMomentItsPolicyNames() {
        Made key = gateway.key("\"owner\":\"overdue\",\"rotateEvery\":\"PT24H\"");
        String overdue = "/admin/keys?owner=overdue&overdue=true";
        gateway.time().advance(Duration.ofHours(24).minusMillis(1));
        assertThat(gateway.admin("GET", overdue, "").json().at("/items").size()).isZero();
        gateway.time().advance(Duration.ofMillis(1));
        assertThat(gateway.admin("GET", overdue, "").get("items.0.id")).isEqualTo(key.id());
        gateway.rotate(key.id(), "{}");
        assertThat(gateway.admin("GET", overdue, "").json().at("/items").size()).isZero();
    }

    @Test
    void createShowsTheTokenOnceAndGetShowsTheRest() {
        Answer made = create("""
                {"name":"n","owner":"o","env":"test","scopes":["a:b"],"tags":["t"],"allowedCidrs":["127.0.0.0/8"],
                 "limits":[{"name":"burst","quota":5,"window":"PT1M","accuracy":"exact"}],
                 "expiresAt":"2999-01-01T00:00:00Z","rotateEvery":"P30D"}""");
        assertThat(made.status()).as(made.body()).isEqualTo(201);
        assertThat(made.get("token")).startsWith("lk_test_" + made.get("id") + "_");
        assertThat(made.header("Location")).isEqualTo("/admin/keys/" + made.get("id"));
        assertThat(made.header("Cache-Control")).contains("no-store");

        Answer seen = get(made.get("id"));
        assertThat(seen.status()).isEqualTo(200);
        assertThat(seen.body()).doesNotContain(made.get("token")).doesNotContain("digest");
        assertThat(seen.json().has("token")).isFalse();
        assertThat(seen.header("ETag")).isEqualTo(made.header("ETag")).isEqualTo("\"" + seen.get("version") + "\"");
        assertThat(seen.get("name")).isEqualTo("n");
        assertThat(seen.get("owner")).isEqualTo("o");
        assertThat(seen.get("env")).isEqualTo("test");
        assertThat(seen.get("state")).isEqualTo("active");
        assertThat(seen.get("scopes.0")).isEqualTo("a:b");
        assertThat(seen.get("tags.0")).isEqualTo("t");
        assertThat(seen.get("limits.0.accuracy")).isEqualTo("exact");
        assertThat(seen.json().at("/limits/0/quota").asLong()).isEqualTo(5);
        assertThat(seen.get("expiresAt")).isEqualTo("2999-01-01T00:00:00Z");
        assertThat(Duration.parse(seen.get("rotateEvery"))).isEqualTo(Duration.ofDays(30));
        assertThat(seen.get("secrets.0.state")).isEqualTo("active");
        assertThat(made.get("token")).endsWith(seen.get("secrets.0.last4"));
    }

    @Test
    void lastUseIsShown() {
        Made key = gateway.key("");
        assertThat(get(key.id()).json().at("/secrets/0/lastUsedAt").isNull()).isTrue();
        gateway.call(key.token());
        assertThat(Instant.parse(get(key.id()).get("secrets.0.lastUsedAt")))
                .isEqualTo(gateway.time().instant());
    }

    @Test
    void anUnknownFieldIsNamed() {
        Answer refused = create("{\"name\":\"n\",\"admin\":true}");
        refused(refused, 400, "bad-request");
        assertThat(refused.get("errors.0.field")).isEqualTo("admin");
        for (String field :
                new String[] {"id", "state", "version", "createdAt", "revokedAt", "secrets", "kind", "token"}) {
            Answer mass = create("{\"name\":\"n\",\"" + field + "\":\"x\"}");
            refused(mass, 400, "bad-request");
            assertThat(mass.get("errors.0.field")).isEqualTo(field);
        }
        Answer nested =
                create("{\"name\":\"n\",\"limits\":[{\"name\":\"b\",\"quota\":1,\"window\":\"PT1M\",\"x\":1}]}");
        refused(nested, 400, "bad-request");
        assertThat(nested.get("errors.0.field")).isEqualTo("limits[0].x");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"name\":5}",
                "{\"name\":true}",
                "{\"name\":{}}",
                "{\"name\":[\"n\"]}",
                "{\"name\":null}",
                "{\"name\":\"\"}",
                "{\"name\":\"  \"}",
                "{\"name\":\"a\\u0000b\"}",
                "{}",
                "{\"name\":\"n\",\"owner\":1}",
                "{\"name\":\"n\",\"env\":\"Live\"}",
                "{\"name\":\"n\",\"env\":7}",
                "{\"name\":\"n\",\"scopes\":\"a:b\"}",
                "{\"name\":\"n\",\"scopes\":[1]}",
                "{\"name\":\"n\",\"scopes\":[null]}",
                "{\"name\":\"n\",\"scopes\":[\"with space\"]}",
                "{\"name\":\"n\",\"tags\":{}}",
                "{\"name\":\"n\",\"tags\":[true]}",
                "{\"name\":\"n\",\"allowedCidrs\":[\"10.0.0.1/8\"]}",
                "{\"name\":\"n\",\"allowedCidrs\":[\"localhost\"]}",
                "{\"name\":\"n\",\"allowedCidrs\":[\"10.0.0.0/33\"]}",
                "{\"name\":\"n\",\"limits\":[{\"name\":\"b\",\"quota\":\"5\",\"window\":\"PT1M\"}]}",
                "{\"name\":\"n\",\"limits\":[{\"name\":\"b\",\"quota\":1.5,\"window\":\"PT1M\"}]}",
                "{\"name\":\"n\",\"limits\":[{\"name\":\"b\",\"quota\":0,\"window\":\"PT1M\"}]}",
                "{\"name\":\"n\",\"limits\":[{\"name\":\"b\",\"quota\":1e400,\"window\":\"PT1M\"}]}",
                "{\"name\":\"n\",\"limits\":[{\"name\":\"b\",\"window\":\"PT1M\"}]}",
                "{\"name\":\"n\",\"limits\":[null]}",
                "{\"name\":\"n\",\"expiresAt\":9999999999}",
                "{\"name\":\"n\",\"expiresAt\":\"tomorrow\"}",
                "{\"name\":\"n\",\"expiresAt\":\"\"}",
                "{\"name\":\"n\",\"expiresAt\":\"+1000000000-12-31T23:59:59.999999999Z\"}",
                "{\"name\":\"n\",\"rotateEvery\":3600}",
                "{\"name\":\"n\",\"rotateEvery\":\"PT1M\"}",
                "{\"name\":\"n\",\"rotateEvery\":\"P99999D\"}",
                "{\"name\":\"n\",\"tokenSha256\":5}",
                "{\"name\":\"n\",\"tokenSha256\":\"abc\"}",
                "[]",
                "\"n\"",
                "5",
                "null"
            })
    void aWrongFormIsRefusedAndMakesNoKey(String body) {
        List<String> before = listed("");
        Answer refused = create(body);
        refused(refused, 400, "bad-request");
        assertThat(listed("")).isEqualTo(before);
    }

    @Test
    void anExpiryThatIsOverIsRefused() {
        Instant now = gateway.time().instant();
        refused(create("{\"name\":\"n\",\"expiresAt\":\"" + now + "\"}"), 400, "bad-request");
        Answer past = create("{\"name\":\"n\",\"expiresAt\":\"" + now.minusSeconds(1) + "\"}");
        refused(past, 400, "bad-request");
        assertThat(past.get("errors.0.field")).isEqualTo("expiresAt");
        Made key = gateway.key("");
        refused(patch(key.id(), "{\"expiresAt\":\"" + now + "\"}", "If-Match", "*"), 400, "bad-request");
    }

    @Test
    void patchNeedsTheLatestEtag() {
        Made key = gateway.key("\"owner\":\"before\"");
        String etag = get(key.id()).header("ETag");
        refused(patch(key.id(), "{\"owner\":\"x\"}"), 428, "precondition-required");
        Answer patched = patch(key.id(), "{\"owner\":\"after\",\"scopes\":[\"a:b\"]}", "If-Match", etag);
        assertThat(patched.status()).as(patched.body()).isEqualTo(200);
        assertThat(patched.get("owner")).isEqualTo("after");
        assertThat(patched.get("name")).isEqualTo("test");
        assertThat(patched.header("ETag")).isNotEqualTo(etag);
        refused(patch(key.id(), "{\"owner\":\"late\"}", "If-Match", etag), 412, "precondition-failed");
        refused(patch(key.id(), "{\"owner\":\"late\"}", "If-Match", "nonsense"), 412, "precondition-failed");
        assertThat(get(key.id()).get("owner")).isEqualTo("after");
        assertThat(patch(key.id(), "{\"owner\":null}", "If-Match", "*").get("owner"))
                .isEmpty();
    }

    @Test
    void patchRefusesWhatCannotBeChanged() {
        Made key = gateway.key("");
        for (String field :
                new String[] {"id", "env", "state", "version", "createdAt", "secrets", "token", "tokenSha256", "odd"}) {
            Answer refused = patch(key.id(), "{\"" + field + "\":\"x\"}", "If-Match", "*");
            refused(refused, 400, "bad-request");
            assertThat(refused.get("errors.0.field")).isEqualTo(field);
        }
        refused(patch(key.id(), "{\"name\":null}", "If-Match", "*"), 400, "bad-request");
        refused(patch(key.id(), "[]", "If-Match", "*"), 400, "bad-request");
    }

    @Test
    void aPatchedExpiryWorksAtOnceAndAnExpiredKeyIsNotRevived() {
        Made key = gateway.key("");
        Instant end = gateway.time().instant().plusSeconds(60);
        assertThat(patch(key.id(), "{\"expiresAt\":\"" + end + "\"}", "If-Match", "*")
                        .status())
                .isEqualTo(200);
        gateway.time().advance(Duration.ofSeconds(60));
        assertThat(gateway.call(key.token()).get("code")).isEqualTo("key-expired");
        assertThat(get(key.id()).get("state")).isEqualTo("expired");
        refused(patch(key.id(), "{\"expiresAt\":\"2999-01-01T00:00:00Z\"}", "If-Match", "*"), 409, "conflict");
        assertThat(gateway.call(key.token()).get("code")).isEqualTo("key-expired");
    }

    @Test
    void whatDoesNotExistIsNotFound() {
        for (String id : new String[] {"neverMade", "bootstrap", "a".repeat(200)}) {
            refused(get(id), 404, "resource-not-found");
            refused(patch(id, "{}", "If-Match", "*"), 404, "resource-not-found");
            refused(act(id, "disable"), 404, "resource-not-found");
            refused(act(id, "enable"), 404, "resource-not-found");
            refused(revoke(id), 404, "resource-not-found");
        }
        assertThat(gateway.admin("GET", "/admin/tokens", "").status()).isEqualTo(200);
    }

    @Test
    void aRevocationIsFinal() {
        Made key = gateway.key("");
        assertThat(revoke(key.id()).status()).isEqualTo(200);
        refused(patch(key.id(), "{\"owner\":\"x\"}", "If-Match", "*"), 409, "conflict");
        refused(act(key.id(), "disable"), 409, "conflict");
        refused(act(key.id(), "enable"), 409, "conflict");
        assertThat(get(key.id()).get("state")).isEqualTo("revoked");
        assertThat(get(key.id()).get("revokedAt")).isNotEmpty();
    }

    @Test
    void deleteSaysHowFarTheRevocationHasComeAndMayBeRepeated() {
        Made key = gateway.key("");
        Answer first = revoke(key.id(), "Prefer", "wait=5");
        assertThat(first.status()).as(first.body()).isEqualTo(200);
        assertThat(first.get("id")).isEqualTo(key.id());
        assertThat(first.get("state")).isEqualTo("revoked");
        assertThat(first.json().at("/nodesLive").asInt()).isEqualTo(1);
        assertThat(first.json().at("/nodesAcked").asInt()).isEqualTo(1);
        assertThat(first.json().at("/laggards").size()).isZero();
        assertThat(first.json().at("/epoch").asLong()).isPositive();
        Answer again = revoke(key.id());
        assertThat(again.status()).isEqualTo(200);
        assertThat(again.json().at("/epoch")).isEqualTo(first.json().at("/epoch"));
        assertThat(get(key.id()).get("version")).isEqualTo(first.get("epoch"));
    }

    @Test
    void aNodeThatDoesNotAnswerIsNamedAsALaggard() {
        Made key = gateway.key("");
        String silent = "{\"id\":\"silent\",\"incarnation\":\"\",\"epoch\":0,\"at\":\""
                + gateway.time().instant() + "\",\"peppers\":[\""
                + gateway.bean(Peppers.class).current().id() + "\"]}";
        gateway.bean(Redis.class).onAdmin(commands -> commands.hset("{api_keys:valid}:nodes", "silent", silent));
        try {
            Answer accepted = revoke(key.id());
            assertThat(accepted.status()).isEqualTo(202);
            assertThat(accepted.json().at("/nodesLive").asInt()).isEqualTo(2);
            assertThat(accepted.json().at("/nodesAcked").asInt()).isEqualTo(1);
            assertThat(accepted.get("laggards.0")).isEqualTo("silent");
            assertThat(gateway.call(key.token()).get("code")).isEqualTo("key-revoked");
        } finally {
            gateway.bean(Redis.class).onAdmin(commands -> commands.hdel("{api_keys:valid}:nodes", "silent"));
        }
        assertThat(revoke(key.id()).status()).isEqualTo(200);
    }

    @Test
    void aRepeatedCreateMakesOneKeyAndNeverShowsTheTokenAgain() {
        String promise = unique();
        Answer first = create("{\"name\":\"n\"}", "Idempotency-Key", promise);
        Answer again = create("{\"name\":\"n\"}", "Idempotency-Key", promise);
        assertThat(again.status()).isEqualTo(201);
        assertThat(again.get("id")).isEqualTo(first.get("id"));
        assertThat(again.header("Location")).isEqualTo(first.header("Location"));
        assertThat(again.header("Idempotency-Replayed")).isEqualTo("true");
        assertThat(again.json().has("token")).isFalse();
        refused(create("{\"name\":\"other\"}", "Idempotency-Key", promise), 422, "unprocessable");
        refused(create("{\"name\":\"n\"}", "Idempotency-Key", ""), 400, "bad-request");
        refused(create("{\"name\":\"n\"}", "Idempotency-Key", "x".repeat(256)), 400, "bad-request");
    }

    @Test
    void ofManyEqualRequestsAtOnceOneMakesTheKey() throws Exception {
        String promise = unique();
        String owner = unique();
        List<Answer> answers = new ArrayList<>();
        try (ExecutorService callers = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<Answer>> calls = new ArrayList<>();
            for (int i = 0; i < 20; i++) {
                calls.add(callers.submit(
                        () -> create("{\"name\":\"n\",\"owner\":\"" + owner + "\"}", "Idempotency-Key", promise)));
            }
            for (Future<Answer> call : calls) {
                answers.add(call.get());
            }
        }
        assertThat(answers).allMatch(answer -> answer.status() == 201);
        assertThat(answers.stream().map(answer -> answer.get("id")).distinct()).hasSize(1);
        assertThat(answers.stream().filter(answer -> answer.json().has("token")))
                .hasSize(1);
        assertThat(listed("&owner=" + owner)).hasSize(1);
    }

    @Test
    void aKeyMadeFromADigestWorksWithTheClientsToken() {
        String token = "client-made-" + unique();
        Answer made = create("{\"name\":\"n\",\"tokenSha256\":\"" + sha256(token) + "\"}");
        assertThat(made.status()).as(made.body()).isEqualTo(201);
        assertThat(made.json().has("token")).isFalse();
        assertThat(made.body()).doesNotContain(sha256(token));
        assertThat(gateway.call(token).status()).isEqualTo(200);
        assertThat(usable(token)).isTrue();

        refused(create("{\"name\":\"twin\",\"tokenSha256\":\"" + sha256(token) + "\"}"), 409, "conflict");
        refused(
                create("{\"name\":\"twin\",\"tokenSha256\":\"" + sha256(token).toUpperCase(java.util.Locale.ROOT)
                        + "\"}"),
                409,
                "conflict");
        Made other = gateway.key("");
        refused(
                gateway.admin(
                        "POST",
                        "/admin/keys/" + other.id() + "/rotations",
                        "{\"tokenSha256\":\"" + sha256(token) + "\"}"),
                409,
                "conflict");
        refused(
                gateway.admin(
                        "POST",
                        "/admin/keys/" + made.get("id") + "/rotations",
                        "{\"tokenSha256\":\"" + sha256(token) + "\"}"),
                409,
                "conflict");
        assertThat(gateway.send("GET", "/api/v1/keys/self", "", "X-API-Key", token)
                        .get("id"))
                .isEqualTo(made.get("id"));
        revoke(made.get("id"));
        assertThat(gateway.call(token).get("code")).isEqualTo("key-revoked");
        assertThat(usable(token)).isFalse();
    }

    @Test
    void filtersNarrowTheList() {
        String owner = unique();
        String tag = unique();
        Made plain = gateway.key("\"owner\":\"" + owner + "\"");
        Made tagged = gateway.key("\"owner\":\"" + owner + "\",\"tags\":[\"" + tag + "\"]");
        Made test = gateway.key("\"owner\":\"" + owner + "\",\"env\":\"test\"");
        Made off = gateway.key("\"owner\":\"" + owner + "\"");
        Made gone = gateway.key("\"owner\":\"" + owner + "\"");
        act(off.id(), "disable");
        revoke(gone.id());
        assertThat(listed("&owner=" + owner))
                .containsExactlyInAnyOrder(plain.id(), tagged.id(), test.id(), off.id(), gone.id());
        assertThat(listed("&tag=" + tag)).containsExactly(tagged.id());
        assertThat(listed("&owner=" + owner + "&env=test")).containsExactly(test.id());
        assertThat(listed("&owner=" + owner + "&state=disabled")).containsExactly(off.id());
        assertThat(listed("&owner=" + owner + "&state=revoked")).containsExactly(gone.id());
        assertThat(listed("&owner=" + owner + "&state=active"))
                .containsExactlyInAnyOrder(plain.id(), tagged.id(), test.id());
        assertThat(listed("&owner=" + owner + "&tag=" + tag + "&env=test")).isEmpty();
        assertThat(listed("&owner=" + owner + "&pepper=previous")).isEmpty();
        assertThat(listed("&owner=" + owner + "&state=active&pepper=current")).hasSize(3);
        assertThat(listed("&owner=" + unique())).isEmpty();
    }

    @Test
    void keysThatNobodyUsedSinceAreFound() {
        String owner = unique();
        Made idle = gateway.key("\"owner\":\"" + owner + "\"");
        Made busy = gateway.key("\"owner\":\"" + owner + "\"");
        gateway.time().advance(Duration.ofHours(1));
        Instant since = gateway.time().instant();
        Made young = gateway.key("\"owner\":\"" + owner + "\"");
        gateway.call(busy.token());
        assertThat(listed("&owner=" + owner + "&unusedSince=" + since)).containsExactly(idle.id());
        assertThat(listed("&owner=" + owner + "&unusedSince=" + since.plusSeconds(1)))
                .containsExactlyInAnyOrder(idle.id(), busy.id(), young.id());
        refused(gateway.admin("GET", "/admin/keys?unusedSince=yesterday", ""), 400, "bad-request");
    }

    @Test
    void pagesAreCompleteAndNewKeysDoNotShiftThem() {
        String owner = unique();
        Set<String> made = new TreeSet<>();
        for (int i = 0; i < 13; i++) {
            made.add(gateway.key("\"owner\":\"" + owner + "\"").id());
            gateway.time().advance(Duration.ofMillis(1));
        }
        List<String> seen = new ArrayList<>();
        String cursor = "";
        do {
            Answer page = gateway.admin("GET", "/admin/keys?limit=5&owner=" + owner + cursor, "");
            assertThat(ids(page)).hasSizeLessThanOrEqualTo(5);
            seen.addAll(ids(page));
            cursor = page.json().at("/next").isNull() ? "" : "&cursor=" + page.get("next");
            gateway.key("\"owner\":\"" + owner + "\"");
            gateway.time().advance(Duration.ofMillis(1));
        } while (!cursor.isEmpty());
        assertThat(seen).doesNotHaveDuplicates().containsExactlyElementsOf(((TreeSet<String>) made).descendingSet());
    }

    @ParameterizedTest
    @CsvSource({"limit=0", "limit=-1", "limit=101", "limit=x", "cursor=%20", "cursor=a-b", "cursor=", "state=odd"})
    void whatCannotBeListedIsRefused(String query) {
        refused(gateway.admin("GET", "/admin/keys?" + query, ""), 400, "bad-request");
    }

    @Test
    void limitsOfOneAndAHundredAreGranted() {
        gateway.key("");
        assertThat(ids(gateway.admin("GET", "/admin/keys?limit=1", ""))).hasSize(1);
        assertThat(gateway.admin("GET", "/admin/keys?limit=100", "").status()).isEqualTo(200);
    }

    @Test
    void theSetOfUsableDigestsFollowsTheKey() {
        Made key = gateway.key("");
        assertThat(usable(key.token())).isTrue();
        act(key.id(), "disable");
        assertThat(usable(key.token())).isFalse();
        act(key.id(), "enable");
        assertThat(usable(key.token())).isTrue();
        revoke(key.id());
        assertThat(usable(key.token())).isFalse();
    }

    @Test
    void theSetForgetsASupersededSecretWhenItsTimeIsOver() {
        Made key = gateway.key("");
        String fresh = gateway.rotate(key.id(), "{\"overlap\":\"PT1M\"}").get("token");
        assertThat(usable(key.token())).isTrue();
        assertThat(usable(fresh)).isTrue();
        gateway.time().advance(Duration.ofMinutes(1));
        await().atMost(Duration.ofSeconds(10))
                .untilAsserted(() -> assertThat(usable(key.token())).isFalse());
        assertThat(usable(fresh)).isTrue();
    }

    @Test
    void theSetForgetsAKeyThatExpired() {
        Made key = gateway.key("\"expiresAt\":\"" + gateway.time().instant().plusSeconds(60) + "\"");
        assertThat(usable(key.token())).isTrue();
        gateway.time().advance(Duration.ofMinutes(1));
        await().atMost(Duration.ofSeconds(10))
                .untilAsserted(() -> assertThat(usable(key.token())).isFalse());
    }

    @Test
    void adminTokensAreNeverInTheSet() {
        assertThat(usable(Gateway.ADMIN_TOKEN)).isFalse();
    }
}
