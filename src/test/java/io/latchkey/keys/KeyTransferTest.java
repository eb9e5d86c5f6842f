package io.latchkey.keys;

import static org.assertj.core.api.Assertions.assertThat;

import io.latchkey.Gateway;
import io.latchkey.Gateway.Answer;
import io.latchkey.Gateway.Made;
import io.latchkey.store.Peppers;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** Many keys at once: out, in, and away. */
class KeyTransferTest {
    private static final Gateway SOURCE = Gateway.frozen();
    private static final Gateway TARGET = Gateway.frozen();

    @AfterAll
    static void close() {
        SOURCE.close();
        TARGET.close();
    }

    private static String unique() {
        return "o-" + UUID.randomUUID();
    }

    private static String sha256(String token) {
        return HexFormat.of().formatHex(Peppers.sha256(token));
    }

    private static Answer bulkRevoke(String body) {
        return SOURCE.admin("POST", "/admin/keys/bulk-revoke", body);
    }

    private static String state(Made key) {
        return SOURCE.admin("GET", "/admin/keys/" + key.id(), "").get("state");
    }

    private static String export(Gateway gateway) {
        Answer export = gateway.admin("GET", "/admin/keys/export", "");
        assertThat(export.status()).isEqualTo(200);
        assertThat(export.header("Content-Type")).startsWith("application/x-ndjson");
        return export.body();
    }

    private static String exported(Gateway gateway, String keyId) {
        return export(gateway)
                .lines()
                .filter(line -> line.contains("\"id\":\"" + keyId + "\""))
                .findFirst()
                .orElseThrow();
    }

    private static Answer send(Gateway gateway, String type, String body) {
        return gateway.admin("POST", "/admin/keys/import", body, "Content-Type", type);
    }

    /** The results in the order of their lines. */
    private static List<JsonNode> results(Answer answer) {
        assertThat(answer.status()).as(answer.body()).isEqualTo(200);
        assertThat(answer.header("Content-Type")).startsWith("application/x-ndjson");
        return answer.body()
                .lines()
                .<JsonNode>map(Gateway.JSON::readTree)
                .sorted((a, b) ->
                        Integer.compare(a.at("/line").asInt(), b.at("/line").asInt()))
                .toList();
    }

    private static List<JsonNode> importLines(String... lines) {
        return results(send(TARGET, "application/x-ndjson", String.join("\n", lines)));
    }

    private static List<JsonNode> importCsv(String... lines) {
        return results(send(TARGET, "text/csv", String.join("\r\n", lines)));
    }

    private static String made(String token, String more) {
        return "{\"name\":\"imported\",\"tokenSha256\":\"" + sha256(token) + "\"" + more + "}";
    }

    private static void refused(JsonNode result, String why) {
        assertThat(result.at("/status").asString()).as(result.toString()).isEqualTo("refused");
        assertThat(result.at("/error").asString()).contains(why);
    }

    private static void created(JsonNode result) {
        assertThat(result.at("/status").asString()).as(result.toString()).isEqualTo("created");
    }

    private static List<JsonNode> audited(Gateway gateway, String action) {
        List<JsonNode> entries = new ArrayList<>();
        for (JsonNode entry :
                gateway.admin("GET", "/admin/audit?limit=200", "").json().at("/items")) {
            if (entry.at("/action").asString().equals(action)) {
                entries.add(entry);
            }
        }
        return entries;
    }

    @Test
    void mistypedExceptionRevokesNothing() {
        Made key = SOURCE.key("");
        Answer refused = SOURCE.admin("POST", "/admin/keys/bulk-revoke", "{\"exceptIds\":[\"" + key.id() + "x\"]}");
        assertThat(refused.status()).isEqualTo(422);
        assertThat(refused.get("detail")).contains(key.id() + "x");
        assertThat(SOURCE.call(key.token()).status()).isEqualTo(200);
    }

    @Test
    void bulkRevokeByOwnerOrTagMeetsThoseAlone() {
        String owner = unique();
        String tag = unique();
        Made mine = SOURCE.key("\"owner\":\"" + owner + "\"");
        Made tagged = SOURCE.key("\"owner\":\"" + owner + "\",\"tags\":[\"" + tag + "\"]");
        Made spared = SOURCE.key("\"owner\":\"" + owner + "\"");
        Made other = SOURCE.key("\"owner\":\"other\",\"tags\":[\"" + tag + "\"]");
        int entries = audited(SOURCE, "key.bulk-revoke").size();

        Answer dry = bulkRevoke("{\"owner\":\"" + owner + "\",\"dryRun\":true}");
        assertThat(dry.body()).isEqualTo("{\"matched\":3,\"revoked\":0}");
        assertThat(SOURCE.call(mine.token()).status()).isEqualTo(200);
        assertThat(audited(SOURCE, "key.bulk-revoke")).hasSize(entries);

        Answer both = bulkRevoke("{\"owner\":\"" + owner + "\",\"tag\":\"" + tag + "\"}");
        assertThat(both.body()).isEqualTo("{\"matched\":1,\"revoked\":1}");
        assertThat(state(tagged)).isEqualTo("revoked");
        Answer rest = bulkRevoke("{\"owner\":\"" + owner + "\",\"exceptIds\":[\"" + spared.id() + "\"]}");
        assertThat(rest.body()).isEqualTo("{\"matched\":1,\"revoked\":1}");
        assertThat(SOURCE.call(mine.token()).get("code")).isEqualTo("key-revoked");
        assertThat(SOURCE.call(spared.token()).status()).isEqualTo(200);
        assertThat(bulkRevoke("{\"tag\":\"" + tag + "\"}").body()).isEqualTo("{\"matched\":1,\"revoked\":1}");
        assertThat(state(other)).isEqualTo("revoked");
        assertThat(bulkRevoke("{\"owner\":\"" + owner + "\"}").body()).isEqualTo("{\"matched\":1,\"revoked\":1}");
        assertThat(bulkRevoke("{\"owner\":\"" + owner + "\"}").body()).isEqualTo("{\"matched\":0,\"revoked\":0}");
    }

    @Test
    void inAnEmergencyAllButTheNamedAreRevokedAndNoAdminToken() {
        try (Gateway gateway = Gateway.frozen()) {
            Made spared = gateway.key("");
            Made gone = gateway.key("");
            Answer answer =
                    gateway.admin("POST", "/admin/keys/bulk-revoke", "{\"exceptIds\":[\"" + spared.id() + "\"]}");
            assertThat(answer.json().at("/revoked").asInt()).isGreaterThanOrEqualTo(1);
            assertThat(gateway.call(spared.token()).status()).isEqualTo(200);
            assertThat(gateway.call(gone.token()).get("code")).isEqualTo("key-revoked");
            assertThat(gateway.admin("GET", "/admin/keys?state=active", "")
                            .json()
                            .at("/items")
                            .size())
                    .isEqualTo(1);
        }
    }

    @Test
    void bulkRevokeOfNothingInParticularIsRefused() {
        for (String body : new String[] {"{}", "{\"dryRun\":true}", "{\"owner\":null}", ""}) {
            Answer answer = bulkRevoke(body);
            assertThat(answer.status()).as(body).isEqualTo(400);
            assertThat(answer.get("code")).isEqualTo("bad-request");
        }
    }

    @Test
    void anExportHasNoPlaintextAndMakesTheTokensWorkElsewhere() {
        Made active = SOURCE.key("\"owner\":\"me\",\"scopes\":[\"a:b\"],\"tags\":[\"t\"]");
        Made disabled = SOURCE.key("");
        Made revoked = SOURCE.key("");
        Made rotated = SOURCE.key("");
        String legacy = "legacy-" + unique();
        SOURCE.admin("POST", "/admin/keys", made(legacy, ""));
        SOURCE.admin("POST", "/admin/keys/" + disabled.id() + "/disable", "");
        SOURCE.admin("DELETE", "/admin/keys/" + revoked.id(), "");
        String fresh = SOURCE.rotate(rotated.id(), "{}").get("token");
        String export = export(SOURCE);
        for (String token : new String[] {active.token(), disabled.token(), legacy, fresh}) {
            assertThat(export).doesNotContain(token).doesNotContain(sha256(token));
        }
        assertThat(export).doesNotContain(Gateway.ADMIN_TOKEN).doesNotContain("bootstrap");

        assertThat(TARGET.call(active.token()).get("code")).isEqualTo("key-unknown");
        assertThat(results(send(TARGET, "application/x-ndjson", export)))
                .allMatch(result -> result.at("/status").asString().equals("created"));
        Answer self = TARGET.send("GET", "/api/v1/keys/self", "", "X-API-Key", active.token());
        assertThat(self.get("id")).isEqualTo(active.id());
        assertThat(self.get("scopes.0")).isEqualTo("a:b");
        assertThat(TARGET.call(disabled.token()).get("code")).isEqualTo("key-disabled");
        assertThat(TARGET.call(revoked.token()).get("code")).isEqualTo("key-revoked");
        assertThat(TARGET.call(rotated.token()).header("API-Key-Status")).isEqualTo("superseded");
        assertThat(TARGET.call(fresh).status()).isEqualTo(200);
        assertThat(TARGET.call(legacy).status()).isEqualTo(200);

        assertThat(results(send(TARGET, "application/x-ndjson", export)))
                .allMatch(result -> result.at("/status").asString().equals("unchanged"));
        assertThat(exported(TARGET, rotated.id())).isEqualTo(exported(SOURCE, rotated.id()));
    }

    @Test
    void eachLineIsJudgedByItself() {
        String token = "legacy-" + unique();
        String other = "legacy-" + unique();
        List<JsonNode> results = importLines(
                made(token, ",\"owner\":\"me\",\"last4\":\"" + token.substring(token.length() - 4) + "\""),
                made(token, ""),
                "",
                made(other, ",\"algorithm\":\"bcrypt\""),
                "{\"name\":",
                "   ",
                made(other, ",\"odd\":1"),
                "[]",
                "5",
                "{\"name\":\"no token\"}",
                made(other, ",\"expiresAt\":\"2020-01-01T00:00:00Z\""),
                made(other, ",\"last4\":\"" + other + "\""),
                made(other, ",\"id\":\"mine\""),
                made(other, ",\"name\":5").replace("\"name\":\"imported\",", ""),
                made(other, ",\"algorithm\":\"sha256\""));
        assertThat(results.stream().map(result -> result.at("/line").asInt()))
                .containsExactly(1, 2, 4, 5, 7, 8, 9, 10, 11, 12, 13, 14, 15);
        created(results.get(0));
        refused(results.get(1), "already has this token");
        refused(results.get(2), "algorithm: must be sha256");
        refused(results.get(3), "JSON");
        refused(results.get(4), "odd");
        refused(results.get(5), "object");
        refused(results.get(6), "object");
        refused(results.get(7), "tokenSha256");
        refused(results.get(8), "expiresAt");
        refused(results.get(9), "last4");
        refused(results.get(10), "id");
        refused(results.get(11), "name");
        created(results.get(12));
        assertThat(TARGET.call(token).status()).isEqualTo(200);
        assertThat(TARGET.call(other).status()).isEqualTo(200);
        refused(importLines(made(token, "")).getFirst(), "already has this token");
        assertThat(TARGET.admin("GET", "/admin/audit/verify", "")
                        .json()
                        .at("/intact")
                        .asBoolean())
                .isTrue();
    }

    @Test
    void anExportedLineTwiceInOneFileIsTakenOnce() {
        String line = exported(SOURCE, SOURCE.key("").id());
        List<JsonNode> results = importLines(line, line);
        created(results.get(0));
        refused(results.get(1), "earlier line");
    }

    @Test
    void aKeyThatIsHereInAnotherStateIsLeftAsItIs() {
        Made key = TARGET.key("");
        String line = exported(TARGET, key.id());
        TARGET.admin("DELETE", "/admin/keys/" + key.id(), "");
        refused(importLines(line).getFirst(), "already here");
        assertThat(TARGET.call(key.token()).get("code")).isEqualTo("key-revoked");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "\"algorithm\":\"hmac-sha256\"|\"algorithm\":\"bcrypt\"|algorithm",
                "\"algorithm\":\"hmac-sha256\"|\"algorithm\":null|algorithm",
                "\"pepper\":\"[0-9a-f]+\"|\"pepper\":\"00000000\"|pepper",
                "\"pepper\":\"[0-9a-f]+\"|\"odd\":1|pepper",
                "\"digest\":\"[0-9a-f]+\"|\"digest\":\"00\"|digest",
                "\"digest\":\"[0-9a-f]+\"|\"digest\":null|digest",
                "\"digest\":|\"odd\":1,\"digest\":|odd",
                "\"standing\":\"ACTIVE\"|\"standing\":null|standing",
                "\"standing\":\"ACTIVE\"|\"standing\":\"BEST\"|standing",
                "\"createdAt\":\"[^\"]+\"|\"createdAt\":\"junk\"|JSON",
                "\"createdAt\":\"[^\"]+\"|\"createdAt\":5|JSON",
                "\"createdAt\":\"[^\"]+\",\"last4|\"last4|createdAt",
                "\"disabled\":false|\"disabled\":\"no\"|disabled",
                "\"disabled\":false|\"revokedAt\":\"junk\"|JSON",
                "\"disabled\":false|\"version\":7|version",
                "\"disabled\":false|\"kind\":\"ADMIN\"|kind",
                "\"secrets\":.*|\"secrets\":[]}|secrets",
                "\"secrets\":.*|\"secrets\":\"none\"}|secrets",
                "\"secrets\":.*|\"secrets\":{}}|secrets",
                "\"secrets\":.*|\"secrets\":[null]}|secrets",
                "\"secrets\":\\[(.*)\\]|\"secrets\":[$1,$1]|secrets",
                "^.\"id\":\"|{\"id\":\"not an id|id",
                "^.\"id\":\"[^\"]+\"|{\"id\":null|id",
                "\"name\":\"test\"|\"name\":\"test\",\"expiresAt\":\"-1000000-01-01T00:00:00Z\"|expiresAt",
                "\"name\":\"test\"|\"owner\":\"nameless\"|name"
            })
    void anExportedLineThatWasAlteredIsRefused(String part, String replacement, String why) {
        String line = exported(SOURCE, SOURCE.key("").id());
        String altered = line.replaceFirst(part, replacement);
        assertThat(altered).isNotEqualTo(line);
        refused(importLines(altered).getFirst(), why);
    }

    @Test
    void csvWithPlaintextTokensMakesThemWork() {
        String own = Token.mint("live", "fromCsv" + new Random().nextInt(1_000_000), new Random());
        String plain = "plain-" + unique();
        String commas = "with,commas," + unique();
        String quotes = "with\"quotes\"" + unique();
        List<JsonNode> results = importCsv(
                "token,name,owner,scopes,tags,expiresAt",
                plain + ",one,me,a:b c:d,t,",
                "\"" + commas + "\",two,\"a, b\",,,2999-01-01T00:00:00Z",
                "\"" + quotes.replace("\"", "\"\"") + "\",\"the \"\"third\"\"\",,,,",
                own + ",,,,,",
                "",
                own.substring(1) + ",,,,,",
                own.substring(0, own.length() - 1) + ",,,,,",
                "short,,,,,",
                plain + ",,,,,",
                "too-few-columns,x",
                "past-" + unique() + ",,,,,2020-01-01T00:00:00Z",
                ",,,,,",
                "bad-scope-" + unique() + ",x,,a*b,,");
        assertThat(results).hasSize(12);
        for (int i : new int[] {0, 1, 2, 3, 4}) {
            created(results.get(i));
        }
        refused(results.get(5), "token");
        refused(results.get(6), "token");
        refused(results.get(7), "already has this token");
        refused(results.get(8), "columns");
        refused(results.get(9), "expiresAt");
        refused(results.get(10), "token");
        refused(results.get(11), "scopes");
        for (String token : new String[] {plain, commas, quotes, own}) {
            assertThat(TARGET.call(token).status()).as(token).isEqualTo(200);
        }
        Answer self = TARGET.send("GET", "/api/v1/keys/self", "", "X-API-Key", plain);
        assertThat(self.get("name")).isEqualTo("one");
        assertThat(self.json().at("/scopes").toString()).isEqualTo("[\"a:b\",\"c:d\"]");
        assertThat(own).contains("_" + results.get(3).at("/id").asString() + "_");
    }

    @Test
    void csvWhoseQuotesAreAmissIsRefusedRatherThanGuessed() {
        List<JsonNode> results = importCsv(
                "name,token",
                "open,\"never-closed-" + unique(),
                "stray,stray\"quotes\"" + unique(),
                "after,\"closed\"and-more-" + unique(),
                "single,one\"quote-" + unique());
        assertThat(results).hasSize(4);
        results.forEach(result -> refused(result, "quote"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "name,owner\nx,y",
                "token,odd\nabcdefgh,x",
                "token,id\nabcdefgh,x",
                "token,\"name\nabcdefgh,x"
            })
    void csvWithoutAUsableHeaderIsRefused(String body) {
        Answer answer = send(TARGET, "text/csv", body);
        assertThat(answer.status()).as(answer.body()).isEqualTo(400);
        assertThat(answer.get("code")).isEqualTo("bad-request");
    }

    @Test
    void manyLinesGoInInBatchesWithOneEntryEach() {
        int entries = audited(TARGET, "key.import").size();
        String prefix = unique();
        List<String> lines = new ArrayList<>();
        for (int i = 0; i < 1_200; i++) {
            lines.add(made(prefix + i, ",\"owner\":\"" + prefix + "\""));
        }
        List<JsonNode> results = importLines(lines.toArray(String[]::new));
        assertThat(results)
                .hasSize(1_200)
                .allMatch(result -> result.at("/status").asString().equals("created"));
        assertThat(TARGET.call(prefix + "0").status()).isEqualTo(200);
        assertThat(TARGET.call(prefix + "1199").status()).isEqualTo(200);
        List<JsonNode> batches = audited(TARGET, "key.import");
        assertThat(batches).hasSize(entries + 3);
        assertThat(batches.stream()
                        .limit(3)
                        .map(entry -> entry.at("/after/lines").asInt()))
                .containsExactly(200, 500, 500);
        assertThat(batches.getFirst().at("/after/sha256").asString()).matches("[0-9a-f]{64}");

        Answer gone = TARGET.admin("POST", "/admin/keys/bulk-revoke", "{\"owner\":\"" + prefix + "\"}");
        assertThat(gone.body()).isEqualTo("{\"matched\":1200,\"revoked\":1200}");
        assertThat(TARGET.call(prefix + "600").get("code")).isEqualTo("key-revoked");
        assertThat(TARGET.admin("GET", "/admin/audit/verify", "")
                        .json()
                        .at("/intact")
                        .asBoolean())
                .isTrue();
    }

    @Test
    void aLineWithoutEndIsRefused() {
        String good = "legacy-" + unique();
        Answer answer = send(TARGET, "application/x-ndjson", made(good, "") + "\n" + "x".repeat(70_000));
        assertThat(answer.status()).isEqualTo(413);
        assertThat(answer.get("code")).isEqualTo("request-too-large");
        assertThat(TARGET.call(good).get("code")).isEqualTo("key-unknown");
    }

    @ParameterizedTest
    @ValueSource(strings = {"application/json", "text/plain", "application/x-www-form-urlencoded", "text/csvx", "odd"})
    void anotherTypeOfContentIsRefused(String type) {
        Answer answer = send(TARGET, type, made("legacy-" + unique(), ""));
        assertThat(answer.status()).isEqualTo(415);
        assertThat(answer.get("code")).isEqualTo("unsupported-media-type");
    }

    @Test
    void anEmptyImportDoesNothing() {
        int entries = audited(TARGET, "key.import").size();
        assertThat(importLines("")).isEmpty();
        assertThat(importLines("\n\n")).isEmpty();
        assertThat(audited(TARGET, "key.import")).hasSize(entries);
    }
}
