package io.latchkey.rotation;

import io.latchkey.Gateway;
import io.latchkey.Gateway.Answer;
import io.latchkey.Gateway.Made;
import io.latchkey.keys.OutsideTool;
import io.latchkey.store.RedisServer;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.awaitility.Awaitility;

/** Two gateways on one real Redis, under one clock that only the test moves. */
final class TwoNodes implements AutoCloseable {
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private final RedisServer redis;
    private final OutsideTool tool;
    private final List<Gateway> nodes;
    private final Made bystander;
    private int steps;

    TwoNodes(Path directory) {
        redis = RedisServer.on(RedisServer.freePort(), directory)
                .with("appendfsync no")
                .start();
        tool = OutsideTool.at(redis.url());
        nodes = List.of(node("a"), node("b"));
        step(Duration.between(nodes.get(1).time().instant(), nodes.get(0).time().instant()), nodes.get(1));
        bystander = nodes.getFirst().key("");
        settle();
    }

    /** Evidence is written only when it is asked for, no limit counts the questions, and a busy machine may be slow. */
    private Gateway node(String name) {
        Gateway node = Gateway.frozen(Gateway.on(
                redis.url(),
                Map.of(
                        "latchkey.keys.node-id", name,
                        "latchkey.keys.evidence-every", "60s",
                        "latchkey.store.request-timeout", "10s",
                        "latchkey.store.admin-timeout", "60s",
                        "latchkey.overload.max-delay", "0s",
                        "DISABLE_RATE_LIMITING", "true")));
        Awaitility.await()
                .atMost(PATIENCE)
                .until(() -> node.admin("GET", "/admin/nodes", "").status() == 200);
        return node;
    }

    private static void step(Duration step, Gateway node) {
        node.time().advance(step);
    }

    Gateway node(int number) {
        return nodes.get(Math.floorMod(number, nodes.size()));
    }

    Instant now() {
        return node(0).time().instant();
    }

    /** Moves the clock, and changes a key that nobody asks for: that makes the nodes say that they live now. */
    void step(Duration step) {
        nodes.forEach(node -> step(step, node));
        String another = "{\"tags\":[\"step-" + ++steps + "\"]}";
        Answer answer = node(0).admin("PATCH", "/admin/keys/" + bystander.id(), another, "If-Match", "*");
        if (answer.status() != 200) {
            throw new AssertionError(answer);
        }
    }

    /** Until both nodes have applied every change: K11 bounds that time, this test does not measure it. */
    void settle() {
        long end = System.nanoTime() + PATIENCE.toNanos();
        while (!haveApplied(tool.redis().get("{api_keys:valid}:epoch"))) {
            if (System.nanoTime() - end > 0) {
                throw new AssertionError("The nodes never agreed");
            }
        }
    }

    private boolean haveApplied(String epoch) {
        return tool.redis().hvals("{api_keys:valid}:nodes").stream()
                        .filter(node -> Gateway.JSON
                                .readTree(node)
                                .at("/epoch")
                                .asString()
                                .equals(epoch))
                        .count()
                == nodes.size();
    }

    /** What an outside tool that holds the pepper finds in Redis. */
    List<Boolean> areUsable(List<String> tokens) {
        String[] digests = tokens.stream()
                .map(token -> OutsideTool.digest(Gateway.PEPPER, token))
                .toArray(String[]::new);
        return digests.length == 0 ? List.of() : tool.redis().smismember("api_keys:valid", digests);
    }

    @Override
    public void close() {
        nodes.forEach(Gateway::close);
        tool.close();
        redis.close();
    }
}
