package io.latchkey.keys;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.latchkey.Gateway;
import io.latchkey.Gateway.Answer;
import io.latchkey.Gateway.Made;
import io.latchkey.store.Redis;
import io.latchkey.store.RedisServer;
import io.lettuce.core.Range;
import io.lettuce.core.StreamMessage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** An owner may ask for all that is kept, and that it be forgotten: on every node, and in all of Redis. */
class OwnersTest {
    private static final String OWNER = "Ada Example & söhne";
    private static final String PATH = "/admin/owners/Ada%20Example%20%26%20s%C3%B6hne";

    private static RedisServer redis;
    private static Gateway one;
    private static Gateway two;

    @BeforeAll
    static void start(@TempDir Path directory) throws IOException {
        redis = RedisServer.started(directory.resolve("redis"));
        one = Gateway.start(Gateway.on(redis.url(), Map.of()));
        two = Gateway.start(Gateway.on(redis.url(), Map.of()));
    }

    @AfterAll
    static void stop() throws IOException {
        one.close();
        two.close();
        redis.close();
    }

    private static List<JsonNode> export(Gateway gateway) {
        Answer answer = gateway.admin("GET", PATH + "/export", "");
        assertThat(answer.status()).as(answer.body()).isEqualTo(200);
        return answer.body().lines().map(Gateway.JSON::readTree).toList();
    }

    private static List<String> kinds(Gateway gateway) {
        return export(gateway).stream()
                .map(item -> item.path("kind").asString())
                .distinct()
                .toList();
    }

    /** Everything in Redis but the audit log, as text. */
    private static String kept() {
        List<String> all = new ArrayList<>();
        Redis store = one.bean(Redis.class);
        for (String name : store.<List<String>>onAdmin(commands -> commands.keys("*"))) {
            String type = store.<String>onAdmin(commands -> commands.type(name));
            Object value = switch (type) {
                case "string" -> store.<String>onAdmin(commands -> commands.get(name));
                case "hash" -> store.<Map<String, String>>onAdmin(commands -> commands.hgetall(name));
                case "set" -> store.<Set<String>>onAdmin(commands -> commands.smembers(name));
                case "zset" -> store.<List<String>>onAdmin(commands -> commands.zrange(name, 0, -1));
                case "stream" ->
                    name.endsWith(":audit")
                            ? ""
                            : store.<List<StreamMessage<String, String>>>onAdmin(
                                    commands -> commands.xrange(name, Range.unbounded()));
                default -> throw new IllegalStateException(type);
            };
            all.add(name + " = " + value);
        }
        return String.join("\n", all);
    }

    @Test
    void whatIsKeptIsToldAndThenForgotten() {
        Made key = one.key("\"owner\":\"" + OWNER + "\",\"tags\":[\"ada-tag\"],\"allowedCidrs\":[\"127.0.0.0/8\"]");
        Made unused = one.key("\"owner\":\"" + OWNER + "\"");
        Made other = one.key("\"owner\":\"somebody else\"");
        one.awaitApplied();
        String rotated = one.rotate(key.id(), "{\"overlap\":\"PT1H\"}").get("token");
        one.call(key.token(), "User-Agent", "ada-agent");
        two.call(key.token(), "User-Agent", "ada-agent");
        two.call(rotated);

        await().untilAsserted(() ->
                assertThat(kinds(one)).containsExactlyInAnyOrder("key", "rotation", "caller", "usage", "audit", "end"));
        List<JsonNode> told = export(one);
        assertThat(told)
                .filteredOn(item -> item.path("kind").asString().equals("key"))
                .extracting(item -> item.path("id").asString())
                .containsExactlyInAnyOrder(key.id(), unused.id());
        assertThat(told)
                .filteredOn(item -> item.path("kind").asString().equals("caller"))
                .anySatisfy(caller -> {
                    assertThat(caller.path("ip").asString()).isEqualTo("127.0.0.1");
                    assertThat(caller.path("userAgent").asString()).isEqualTo("ada-agent");
                });
        assertThat(told.toString()).doesNotContain(other.id(), "\"digest\"", key.token(), rotated);
        assertThat(kept()).contains(OWNER, "ada-agent", "ada-tag");

        Answer dry = one.admin("DELETE", PATH + "?dryRun=true", "");
        assertThat(dry.get("keys")).isEqualTo("2");
        assertThat(dry.get("erased")).isEqualTo("0");
        assertThat(one.call(rotated).status()).isEqualTo(200);

        Answer erased = one.admin("DELETE", PATH, "");
        assertThat(erased.status()).as(erased.body()).isEqualTo(200);
        assertThat(erased.get("erased")).isEqualTo("2");
        assertThat(erased.get("reached.nodesAcked")).isEqualTo(erased.get("reached.nodesLive"));
        assertThat(one.call(rotated).get("code")).isEqualTo("key-revoked");
        assertThat(two.call(key.token()).get("code")).isEqualTo("key-revoked");
        assertThat(two.call(other.token()).status()).isEqualTo(200);
        // Asking again is harmless, and what the refused callers left is nothing that names anybody.
        assertThat(one.admin("DELETE", PATH, "").get("keys")).isEqualTo("0");
        assertThat(kept()).doesNotContain(OWNER, "ada-agent", "ada-tag");
        // The record of what operators did stays, whole, and is told.
        assertThat(kinds(two)).containsExactly("audit", "end");
        assertThat(one.admin("GET", "/admin/audit/verify", "").get("intact")).isEqualTo("true");
        assertThat(export(one).toString()).doesNotContain("owner.erase", "test-admin");
    }

    @Test
    void aNameThatNoPathCanCarryGoesIntoTheQuery() {
        one.key("\"owner\":\"team/a;b%c\"");
        String query = "owner=team%2Fa%3Bb%25c";
        Answer told = one.admin("GET", "/admin/owners/export?" + query, "");
        assertThat(told.status()).as(told.body()).isEqualTo(200);
        assertThat(told.body()).contains("team/a;b%c");
        assertThat(one.admin("DELETE", "/admin/owners?" + query, "").get("erased"))
                .isEqualTo("1");
        assertThat(kept()).doesNotContain("team/a");
        assertThat(one.admin("DELETE", "/admin/owners?owner=", "").status()).isEqualTo(400);
        assertThat(one.admin("DELETE", "/admin/owners", "").status()).isEqualTo(400);
        assertThat(one.admin("DELETE", "/admin/owners/x?owner=y", "").status()).isEqualTo(400);
    }

    @Test
    void onlyAnAdminMayAskForAnOwnersData() {
        for (String role : List.of("viewer", "operator", "auditor")) {
            Answer made = one.admin("POST", "/admin/tokens", "{\"name\":\"" + role + "\",\"role\":\"" + role + "\"}");
            for (String method : List.of("GET", "DELETE")) {
                String path = method.equals("GET") ? PATH + "/export" : PATH;
                assertThat(one.adminAs(made.get("token"), method, path, "").status())
                        .as(role)
                        .isEqualTo(403);
            }
        }
    }
}
