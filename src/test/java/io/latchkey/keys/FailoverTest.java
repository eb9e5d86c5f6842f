package io.latchkey.keys;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.latchkey.Gateway;
import io.latchkey.Gateway.Answer;
import io.latchkey.Gateway.Made;
import io.latchkey.store.RedisServer;
import io.latchkey.store.Sentinel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.io.TempDir;

/** Two nodes on a Redis with a replica and a Sentinel: the master may go, what was acknowledged may not. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class FailoverTest {
    private static final Duration PATIENCE = Duration.ofSeconds(40);

    private RedisServer first;
    private RedisServer second;
    private Sentinel sentinel;
    private List<Gateway> nodes;

    @BeforeAll
    void start(@TempDir Path directory) {
        first = RedisServer.started(directory.resolve("first"));
        second = RedisServer.on(RedisServer.freePort(), directory.resolve("second"));
        second.with("replicaof 127.0.0.1 " + first.port()).start();
        sentinel = Sentinel.watching(first.port(), directory.resolve("sentinel"));
        nodes = List.of(node("a"), node("b"));
    }

    private Gateway node(String name) {
        return Gateway.start(Gateway.on(
                sentinel.url(), Map.of("latchkey.keys.node-id", name, "latchkey.keys.legacy-key", "legacy-abc-123")));
    }

    @AfterAll
    void stop() {
        nodes.forEach(Gateway::close);
        sentinel.close();
        second.close();
        first.close();
    }

    private static Answer create(Gateway node) {
        return node.admin("POST", "/admin/keys", "{\"name\":\"test\"}");
    }

    private void awaitWritable() {
        await().atMost(PATIENCE)
                .until(() -> nodes.stream().allMatch(node -> create(node).status() == 201));
    }

    @Test
    @Order(1)
    void withoutAReplicaNothingIsAcknowledged() {
        awaitWritable();
        Made known = nodes.getFirst().key("");
        second.pause();
        try {
            // Made the first time, and told of only when it is sure to last.
            for (int i = 0; i < 2; i++) {
                assertThat(revoke(known).get("code")).isEqualTo("store-unavailable");
            }
            Answer refused = create(nodes.getFirst());
            assertThat(refused.status()).isEqualTo(503);
            assertThat(refused.get("code")).isEqualTo("store-unavailable");
            assertThat(refused.header("Retry-After")).isNotEmpty();
            // Nothing has to be written for it, so nothing holds it up.
            try (Gateway late = node("late")) {
                await().until(() -> late.call("legacy-abc-123").status() == 200);
            }
        } finally {
            second.resume();
        }
        awaitWritable();
        assertThat(revoke(known).status()).isEqualTo(200);
    }

    private Answer revoke(Made key) {
        return nodes.getFirst().admin("DELETE", "/admin/keys/" + key.id(), "", "Prefer", "wait=5");
    }

    @Test
    @Order(2)
    void whatWasAcknowledgedOutlivesTheMaster() throws InterruptedException {
        awaitWritable();
        Made known = nodes.getFirst().key("");
        nodes.getFirst().awaitApplied();
        nodes.forEach(node -> assertThat(node.call(known.token()).status()).isEqualTo(200));
        Queue<String> acknowledged = new ConcurrentLinkedQueue<>();
        Queue<String> wrong = new ConcurrentLinkedQueue<>();
        AtomicBoolean over = new AtomicBoolean();
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            try {
                for (Gateway node : nodes) {
                    threads.execute(() -> writeUntil(over, node, acknowledged, wrong));
                    threads.execute(() -> readUntil(over, node, known.token(), wrong));
                }
                await().atMost(PATIENCE).until(() -> acknowledged.size() >= 100);
                first.kill9();
                // It comes back as the replica of its successor, without which nothing is acknowledged.
                first.start();
                await().atMost(PATIENCE)
                        .until(() ->
                                nodes.stream().allMatch(node -> create(node).status() == 201));
                int before = acknowledged.size();
                await().atMost(PATIENCE).until(() -> acknowledged.size() >= before + 20);
            } finally {
                over.set(true);
            }
        }
        assertThat(wrong).isEmpty();
        Set<String> entries = audited();
        for (Gateway node : nodes) {
            assertThat(acknowledged)
                    .allMatch(id -> node.admin("GET", "/admin/keys/" + id, "").status() == 200);
            assertThat(node.admin("GET", "/admin/audit/verify", "").get("intact"))
                    .isEqualTo("true");
        }
        assertThat(entries).containsAll(acknowledged);
    }

    private static void writeUntil(AtomicBoolean over, Gateway node, Queue<String> acknowledged, Queue<String> wrong) {
        while (!over.get()) {
            Answer answer = create(node);
            if (answer.status() == 201) {
                acknowledged.add(answer.get("id"));
            } else if (answer.status() != 503) {
                wrong.add("create: " + answer.status());
            }
        }
    }

    private static void readUntil(AtomicBoolean over, Gateway node, String token, Queue<String> wrong) {
        while (!over.get()) {
            Answer answer = node.call(token);
            if (answer.status() != 200) {
                wrong.add("call: " + answer);
            }
            LockSupport.parkNanos(2_000_000);
        }
    }

    private Set<String> audited() {
        Set<String> targets = new HashSet<>();
        String cursor = "";
        do {
            Answer page = nodes.getFirst().admin("GET", "/admin/audit?limit=100" + cursor, "");
            page.json()
                    .at("/items")
                    .valueStream()
                    .forEach(entry -> targets.add(entry.path("target").asString()));
            cursor = page.json().path("next").isNull() ? "" : "&cursor=" + page.get("next");
        } while (!cursor.isEmpty());
        return targets;
    }
}
