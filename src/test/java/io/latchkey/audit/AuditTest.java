package io.latchkey.audit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.latchkey.Gateway;
import io.latchkey.Gateway.Answer;
import io.latchkey.Gateway.Made;
import io.latchkey.store.Peppers;
import io.latchkey.store.Redis;
import io.lettuce.core.Range;
import io.lettuce.core.StreamMessage;
import io.lettuce.core.XAddArgs;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/** Every act leaves its entry, and nobody can change the entries unseen. */
class AuditTest {
    private static final Gateway GATEWAY = Gateway.frozen();
    private static final String LOG = "{api_keys:valid}:audit";
    private static final String HEAD = "{api_keys:valid}:audit:head";

    @AfterAll
    static void close() {
        GATEWAY.close();
    }

    private static JsonNode latest() {
        return GATEWAY.admin("GET", "/admin/audit?limit=1", "").json().at("/items/0");
    }

    private static Answer verify() {
        return GATEWAY.admin("GET", "/admin/audit/verify", "");
    }

    private static void intact() {
        Answer verdict = verify();
        assertThat(verdict.json().at("/intact").asBoolean()).as(verdict.body()).isTrue();
        assertThat(verdict.json().at("/firstBroken").isNull()).isTrue();
        assertThat(verdict.json().at("/entries").asLong())
                .isEqualTo(latest().at("/seq").asLong());
    }

    private static void brokenAt(long place) {
        Answer verdict = verify();
        assertThat(verdict.json().at("/intact").asBoolean()).as(verdict.body()).isFalse();
        assertThat(verdict.json().at("/firstBroken").asLong()).isEqualTo(place);
    }

    /** The newest entry is this act of the bootstrap operator's. */
    private static JsonNode entered(Answer answer, String action, String target) {
        JsonNode entry = latest();
        assertThat(entry.at("/action").asString()).isEqualTo(action);
        assertThat(entry.at("/target").asString()).isEqualTo(target);
        assertThat(entry.at("/outcome").asString()).isEqualTo("done");
        assertThat(entry.at("/actor/id").asString()).isEqualTo("bootstrap");
        assertThat(entry.at("/actor/role").asString()).isEqualTo("admin");
        assertThat(entry.at("/address").asString()).isEqualTo("127.0.0.1");
        assertThat(entry.at("/requestId").asString()).isEqualTo(answer.header("X-Correlation-ID"));
        assertThat(Instant.parse(entry.at("/at").asString()))
                .isEqualTo(GATEWAY.time().instant());
        return entry;
    }

    private static Answer admin(String method, String path, String body, String... headers) {
        Answer answer = GATEWAY.admin(method, path, body, headers);
        assertThat(answer.status()).as(answer.body()).isBetween(200, 299);
        return answer;
    }

    @Test
    void everyChangeOfAKeyHasAnEntryWithItsBeforeAndAfter() {
        Answer made = admin("POST", "/admin/keys", "{\"name\":\"n\",\"owner\":\"first\"}");
        String id = made.get("id");
        String path = "/admin/keys/" + id;
        JsonNode create = entered(made, "key.create", id);
        assertThat(create.has("before")).isFalse();
        assertThat(create.at("/after/owner").asString()).isEqualTo("first");

        Answer patched = admin("PATCH", path, "{\"owner\":\"second\"}", "If-Match", "*");
        JsonNode update = entered(patched, "key.update", id);
        assertThat(update.at("/before/owner").asString()).isEqualTo("first");
        assertThat(update.at("/after/owner").asString()).isEqualTo("second");

        assertThat(entered(admin("POST", path + "/disable", ""), "key.disable", id)
                        .at("/after/state")
                        .asString())
                .isEqualTo("disabled");
        assertThat(entered(admin("POST", path + "/enable", ""), "key.enable", id)
                        .at("/before/state")
                        .asString())
                .isEqualTo("disabled");
        Answer revoked = admin("DELETE", path, "");
        JsonNode revoke = entered(revoked, "key.revoke", id);
        assertThat(revoke.at("/before/state").asString()).isEqualTo("active");
        assertThat(revoke.at("/after/state").asString()).isEqualTo("revoked");
        intact();
    }

    @Test
    void everyMoveOfARotationHasAnEntry() {
        Made key = GATEWAY.key("\"scopes\":[\"keys:rotate-self\"]");
        String path = "/admin/keys/" + key.id() + "/rotations";
        Answer begun = admin("POST", path, "{\"overlap\":\"PT1H\"}");
        JsonNode entry = entered(begun, "rotation.begin", key.id());
        assertThat(entry.at("/before/secrets").size()).isEqualTo(1);
        assertThat(entry.at("/after/secrets").size()).isEqualTo(2);
        String until = GATEWAY.time().instant().plus(Duration.ofHours(2)).toString();
        String move = path + "/" + begun.get("id");
        entered(admin("POST", move + "/extend", "{\"until\":\"" + until + "\"}"), "rotation.extend", key.id());
        entered(admin("POST", move + "/rollback", "{}"), "rotation.rollback", key.id());
        Answer again = admin("POST", path, "{}");
        Answer finished = admin("POST", path + "/" + again.get("id") + "/finish", "{\"force\":true}");
        entered(finished, "rotation.finish", key.id());

        Answer self = GATEWAY.send("POST", "/api/v1/keys/self/rotations", "", "X-API-Key", again.get("token"));
        assertThat(self.status()).as(self.body()).isEqualTo(201);
        JsonNode own = latest();
        assertThat(own.at("/action").asString()).isEqualTo("rotation.begin");
        assertThat(own.at("/actor/id").asString()).isEqualTo(key.id());
        assertThat(own.at("/actor/role").asString()).isEqualTo("key");

        Made other = GATEWAY.key("");
        Answer pending = admin("POST", "/admin/keys/" + other.id() + "/rotations", "{\"activation\":\"first-use\"}");
        GATEWAY.call(pending.get("token"));
        assertThat(latest().at("/action").asString()).isEqualTo("rotation.activate");
        assertThat(latest().at("/actor/id").asString()).isEqualTo(other.id());
        intact();
    }

    @Test
    void bulkActsAndTokensHaveEntriesToo() {
        GATEWAY.key("\"owner\":\"many\"");
        GATEWAY.key("\"owner\":\"many\"");
        JsonNode bulk =
                entered(admin("POST", "/admin/keys/bulk-revoke", "{\"owner\":\"many\"}"), "key.bulk-revoke", "keys");
        assertThat(bulk.at("/after/lines").asInt()).isEqualTo(2);
        assertThat(bulk.at("/after/sha256").asString()).hasSize(64);
        entered(admin("GET", "/admin/keys/export", ""), "key.export", "keys");
        Answer imported = admin(
                "POST",
                "/admin/keys/import",
                "{\"name\":\"n\",\"tokenSha256\":\"" + sha256("an-imported-token") + "\"}",
                "Content-Type",
                "application/x-ndjson");
        entered(imported, "key.import", latest().at("/target").asString());

        Answer token = admin("POST", "/admin/tokens", "{\"name\":\"t\",\"role\":\"viewer\"}");
        String id = token.get("id");
        entered(token, "token.create", id);
        entered(admin("POST", "/admin/tokens/" + id + "/rotations", "{}"), "rotation.begin", id);
        entered(admin("DELETE", "/admin/tokens/" + id, ""), "token.revoke", id);
        intact();
    }

    @Test
    void whatWasRefusedIsEnteredWithItsCode() {
        Made key = GATEWAY.key("");
        String path = "/admin/keys/" + key.id();
        refused("POST", "/admin/keys", "{\"name\":5}", "bad-request");
        refused("POST", "/admin/keys", "not JSON", "bad-request");
        refused("DELETE", "/admin/keys/neverMade", "", "resource-not-found");
        refused("PATCH", path, "{}", "precondition-required");
        refused("PATCH", path, "{}", "precondition-failed", "If-Match", "\"0\"");
        refused("POST", "/admin/keys/bulk-revoke", "{}", "bad-request");
        refused("POST", "/admin/tokens", "{\"name\":\"t\",\"role\":\"root\"}", "bad-request");
        admin("DELETE", path, "");
        refused("POST", path + "/enable", "", "conflict");
        refused("POST", path + "/rotations", "{}", "conflict");

        String viewer = admin("POST", "/admin/tokens", "{\"name\":\"peter\",\"role\":\"viewer\"}")
                .get("token");
        Answer denied = GATEWAY.adminAs(viewer, "DELETE", path, "");
        assertThat(denied.status()).isEqualTo(403);
        JsonNode entry = awaited(denied, "role-missing", path);
        assertThat(entry.at("/actor/name").asString()).isEqualTo("peter");
        assertThat(entry.at("/actor/role").asString()).isEqualTo("viewer");
        intact();
    }

    private static void refused(String method, String path, String body, String code, String... headers) {
        Answer answer = GATEWAY.admin(method, path, body, headers);
        assertThat(answer.get("code")).as(answer.body()).isEqualTo(code);
        JsonNode entry = awaited(answer, code, path);
        assertThat(entry.at("/actor/id").asString()).isEqualTo("bootstrap");
        assertThat(entry.at("/action").asString()).isEqualTo(method);
    }

    /** A refusal is written after it was answered. */
    private static JsonNode awaited(Answer answer, String code, String target) {
        await().atMost(Duration.ofSeconds(5))
                .untilAsserted(() ->
                        assertThat(latest().at("/requestId").asString()).isEqualTo(answer.header("X-Correlation-ID")));
        JsonNode entry = latest();
        assertThat(entry.at("/outcome").asString()).isEqualTo(code);
        assertThat(entry.at("/target").asString()).isEqualTo(target);
        assertThat(entry.at("/address").asString()).isEqualTo("127.0.0.1");
        return entry;
    }

    @Test
    void readingAndWhatChangesNothingHasNoEntry() {
        Made key = GATEWAY.key("");
        long before = latest().at("/seq").asLong();
        GATEWAY.admin("GET", "/admin/keys", "");
        GATEWAY.admin("GET", "/admin/keys/neverMade", "");
        GATEWAY.call(key.token());
        GATEWAY.call("some-unknown-key");
        admin("POST", "/admin/keys/" + key.id() + "/enable", "");
        assertThat(latest().at("/seq").asLong()).isEqualTo(before);
    }

    @Test
    void noEntryHoldsATokenOrItsDigest() {
        List<String> secrets = new ArrayList<>(List.of(Gateway.ADMIN_TOKEN, Gateway.PEPPER));
        Made key = GATEWAY.key("");
        secrets.add(key.token());
        secrets.add(GATEWAY.rotate(key.id(), "{}").get("token"));
        String own = "a-token-of-the-clients-own";
        secrets.add(own);
        admin("POST", "/admin/keys", "{\"name\":\"n\",\"tokenSha256\":\"" + sha256(own) + "\"}");
        String imported = "a-token-from-a-file";
        secrets.add(imported);
        admin("POST", "/admin/keys/import", "token\n" + imported, "Content-Type", "text/csv");
        secrets.add(admin("POST", "/admin/tokens", "{\"name\":\"t\",\"role\":\"viewer\"}")
                .get("token"));
        GATEWAY.admin("POST", "/admin/keys", "{\"name\":\"n\",\"tokenSha256\":\"" + sha256(own) + "\"}");
        GATEWAY.admin("POST", "/admin/keys?key=" + key.token(), "{\"name\":5}");

        String log = stored().toString();
        Peppers peppers = GATEWAY.bean(Peppers.class);
        for (String secret : secrets) {
            assertThat(log)
                    .doesNotContain(secret)
                    .doesNotContain(sha256(secret))
                    .doesNotContain(peppers.current().digest(Peppers.sha256(secret)));
        }
    }

    @Test
    void pagesByCursorAreWholeAndNewestFirst() {
        for (int i = 0; i < 7; i++) {
            GATEWAY.key("");
        }
        long newest = latest().at("/seq").asLong();
        List<Long> seen = new ArrayList<>();
        String cursor = "";
        do {
            Answer page = admin("GET", "/admin/audit?limit=3" + cursor, "");
            assertThat(page.json().at("/items").size()).isBetween(1, 3);
            for (JsonNode item : page.json().at("/items")) {
                seen.add(item.at("/seq").asLong());
            }
            cursor = page.json().at("/next").isNull() ? "" : "&cursor=" + page.get("next");
        } while (!cursor.isEmpty());
        assertThat(seen)
                .containsExactlyElementsOf(LongStream.rangeClosed(1, newest)
                        .boxed()
                        .sorted(Collections.reverseOrder())
                        .toList());
        for (String query : new String[] {
            "limit=0", "limit=201", "limit=x", "cursor=x", "cursor=1-0", "cursor=0", "cursor=-1", "cursor=%2B5"
        }) {
            assertThat(GATEWAY.admin("GET", "/admin/audit?" + query, "").status())
                    .as(query)
                    .isEqualTo(400);
        }
    }

    @Test
    void tamperingIsFoundAtItsPlace() {
        for (int i = 0; i < 6; i++) {
            GATEWAY.key("");
        }
        intact();
        List<Map<String, String>> original = stored();
        String head = head();
        int last = original.size();
        int place = 3;

        List<Map<String, String>> changed = copy(original);
        changed.get(place - 1)
                .computeIfPresent(
                        "entry",
                        (name, entry) -> entry.replace("127.0.0.1", "127.0.0.2").replace("\"gateway\"", "\"nobody\""));
        rewrite(changed, head);
        brokenAt(place);

        List<Map<String, String>> renumbered = copy(original);
        renumbered.remove(place - 1);
        rewrite(renumbered, head);
        brokenAt(place);

        rewrite(original, head);
        redis().onAdmin(commands -> commands.xdel(LOG, place + "-0"));
        brokenAt(place);

        List<Map<String, String>> swapped = copy(original);
        Collections.swap(swapped, place - 1, place);
        rewrite(swapped, head);
        brokenAt(place);

        rewrite(original.subList(0, last - 1), head);
        brokenAt(last);
        rewrite(original.subList(0, 1), head);
        brokenAt(2);
        rewrite(List.of(), head);
        brokenAt(1);
        rewrite(original.subList(1, last), head);
        brokenAt(1);

        List<Map<String, String>> forged = copy(original);
        Map<String, String> entry = new LinkedHashMap<>(original.getLast());
        forged.add(entry);
        rewrite(forged, head);
        brokenAt(last + 1);
        rewrite(forged, (last + 1) + ":" + entry.get("mac"));
        brokenAt(last + 1);
        rewrite(original, last + ":" + "0".repeat(64));
        brokenAt(last + 1);

        rewrite(original, head);
        intact();
    }

    @Test
    void anEntryThatIsNoEntryCanStillBeSeenAndIsFound() {
        GATEWAY.key("");
        List<Map<String, String>> original = stored();
        String head = head();
        List<Map<String, String>> forged = copy(original);
        forged.add(Map.of("junk", "junk"));
        forged.add(Map.of("entry", "not JSON", "mac", "junk"));
        rewrite(forged, head);
        brokenAt(original.size() + 1);
        Answer page = GATEWAY.admin("GET", "/admin/audit?limit=10", "");
        assertThat(page.status()).as(page.body()).isEqualTo(200);
        rewrite(original, head);
        intact();
    }

    @Test
    void fiftyChangesAtOnceLeaveFiftyEntriesInOneChain() throws Exception {
        long before = latest().at("/seq").asLong();
        try (ExecutorService callers = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<Made>> calls = new ArrayList<>();
            for (int i = 0; i < 50; i++) {
                calls.add(callers.submit(() -> GATEWAY.key("")));
            }
            for (Future<Made> call : calls) {
                assertThat(call.get().token()).isNotEmpty();
            }
        }
        assertThat(latest().at("/seq").asLong()).isEqualTo(before + 50);
        intact();
    }

    private static String sha256(String token) {
        return HexFormat.of().formatHex(Peppers.sha256(token));
    }

    private static Redis redis() {
        return GATEWAY.bean(Redis.class);
    }

    private static String head() {
        return redis().onAdmin(commands -> commands.get(HEAD));
    }

    private static List<Map<String, String>> stored() {
        List<StreamMessage<String, String>> all = redis().onAdmin(commands -> commands.xrange(LOG, Range.unbounded()));
        return all.stream().map(StreamMessage::getBody).toList();
    }

    private static List<Map<String, String>> copy(List<Map<String, String>> entries) {
        List<Map<String, String>> copy = new ArrayList<>();
        entries.forEach(entry -> copy.add(new LinkedHashMap<>(entry)));
        return copy;
    }

    /** As somebody could who has Redis, but not the pepper. */
    private static void rewrite(List<Map<String, String>> entries, String head) {
        redis().onAdmin(commands -> commands.del(LOG));
        for (int i = 0; i < entries.size(); i++) {
            XAddArgs place = new XAddArgs().id((i + 1) + "-0");
            Map<String, String> entry = entries.get(i);
            redis().onAdmin(commands -> commands.xadd(LOG, place, entry));
        }
        redis().onAdmin(commands -> commands.set(HEAD, head));
    }
}
