package io.latchkey.keys;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.latchkey.Gateway;
import io.latchkey.Gateway.Answer;
import io.latchkey.Gateway.Made;
import io.latchkey.store.RedisCluster;
import io.latchkey.store.RedisServer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** Two nodes on a Redis Cluster. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ClusterTest {
    private static final String KEPT = "api_keys:valid";
    private static final Duration PATIENCE = Duration.ofSeconds(40);

    private RedisCluster cluster;
    private List<Gateway> nodes;

    @BeforeAll
    void start(@TempDir Path directory) {
        cluster = RedisCluster.started(directory);
        nodes = List.of(node("a"), node("b"));
    }

    private Gateway node(String name) {
        return Gateway.start(Gateway.on(cluster.url(), Map.of("latchkey.keys.node-id", name)));
    }

    @AfterAll
    void stop() {
        nodes.forEach(Gateway::close);
        cluster.close();
    }

    private Made known() {
        Made key = nodes.getFirst().key("");
        nodes.getFirst().awaitApplied();
        nodes.forEach(node -> assertThat(node.call(key.token()).status()).isEqualTo(200));
        return key;
    }

    private void rotateAndRevoke() {
        Made key = known();
        Answer rotation = nodes.getLast().rotate(key.id(), "{\"overlap\":\"PT0S\"}");
        for (Gateway node : nodes) {
            assertThat(node.call(rotation.get("token")).status()).isEqualTo(200);
            assertThat(node.call(key.token()).get("code")).isEqualTo("key-superseded");
        }
        Answer revoked = nodes.getFirst().admin("DELETE", "/admin/keys/" + key.id(), "", "Prefer", "wait=5");
        assertThat(revoked.status()).isEqualTo(200);
        nodes.forEach(
                node -> assertThat(node.call(rotation.get("token")).get("code")).isEqualTo("key-revoked"));
    }

    private void awaitWritable() {
        await().atMost(PATIENCE)
                .until(() -> nodes.stream()
                        .allMatch(node -> node.admin("POST", "/admin/keys", "{\"name\":\"test\"}")
                                        .status()
                                == 201));
    }

    @Test
    void keysWorkAsOnOneServer() {
        rotateAndRevoke();
        assertThat(nodes.getFirst().send("GET", "/health", "").get("status")).isEqualTo("healthy");
        assertThat(nodes.getFirst().admin("GET", "/health/detailed", "").body()).contains("\"cluster\"");
        assertThat(nodes.getFirst().admin("GET", "/admin/audit/verify", "").get("intact"))
                .isEqualTo("true");
    }

    @Test
    void whatIsKnownWorksOnWhileTheMasterOfTheKeysFailsOver() {
        Made key = known();
        RedisServer master = cluster.masterOf(KEPT);
        master.kill9();
        for (int i = 0; i < 50; i++) {
            for (Gateway node : nodes) {
                assertThat(node.call(key.token()).status()).isEqualTo(200);
            }
        }
        // As the replica of its successor, without which nothing is acknowledged.
        master.start();
        awaitWritable();
        rotateAndRevoke();
    }

    @Test
    void keysMoveWithTheirSlot() {
        Made key = known();
        cluster.moveSlotOf(KEPT);
        nodes.forEach(node -> assertThat(node.call(key.token()).status()).isEqualTo(200));
        awaitWritable();
        rotateAndRevoke();
    }
}
