package io.latchkey.keys;

import io.latchkey.store.Peppers;
import io.latchkey.store.Redis;
import io.prometheus.metrics.core.metrics.GaugeWithCallback;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import org.springframework.stereotype.Component;
import tools.jackson.databind.json.JsonMapper;

/** The nodes that serve: each writes how far it has followed the changes, so that a change can be seen to have arrived. */
@Component
class Nodes {
    private static final String NODES = KeyStore.PREFIX + "nodes";
    private static final Duration MARGIN = Duration.ofSeconds(5);
    private static final Duration FORGOTTEN = Duration.ofHours(1);
    private static final long LOOK_AGAIN_NANOS = Duration.ofMillis(5).toNanos();

    private final Redis redis;
    private final Peppers peppers;
    private final JsonMapper json;
    private final InstantSource time;
    private final Duration silence;
    private final String id;
    private volatile Peppers.Pepper pepperToWrite;
    private volatile int lastLive = 1;
    private volatile long lastLagging;

    Nodes(
            Redis redis,
            Peppers peppers,
            JsonMapper json,
            InstantSource time,
            KeysProperties properties,
            NodeName name,
            PrometheusRegistry meters) {
        this.redis = redis;
        this.peppers = peppers;
        this.json = json;
        this.time = time;
        silence = properties.grace().plus(MARGIN);
        id = name.toString();
        pepperToWrite = peppers.held().getLast();
        GaugeWithCallback.builder()
                .name("latchkey_nodes")
                .help("Nodes that may serve, and those of them that have not applied what this one has.")
                .labelNames("state")
                .callback(gauge -> {
                    gauge.call(lastLive, "live");
                    gauge.call((double) lastLagging, "lagging");
                })
                .register(meters);
    }

    /** One node's word: what it has applied, and which peppers it holds. */
    record Node(String id, String incarnation, long epoch, Instant at, List<String> peppers) {}

    /** Which live nodes have applied an epoch. */
    record Acks(int acked, int live, List<String> laggards) {
        boolean complete() {
            return laggards.isEmpty();
        }
    }

    void report(String incarnation, long epoch) {
        List<String> held = peppers.held().stream().map(Peppers.Pepper::id).toList();
        Node self = new Node(id, incarnation, epoch, time.instant(), held);
        redis.onAdmin(commands -> commands.hset(NODES, id, json.writeValueAsString(self)));
        List<Node> live = live();
        lastLive = Math.max(1, live.size());
        lastLagging = live.stream().filter(node -> node.epoch() < epoch).count();
        pepperToWrite = newestCommon(live);
    }

    /** How many nodes were live when this one last reported; itself until then. */
    int lastLive() {
        return lastLive;
    }

    void deregister() {
        redis.onAdmin(commands -> commands.hdel(NODES, id));
    }

    /** Those that may still serve. */
    List<Node> live() {
        Instant now = time.instant();
        return all().stream().filter(node -> isLive(node, now)).toList();
    }

    /** Heard of within the grace and 5 s; who deregistered is not among the nodes any more. */
    boolean isLive(Node node, Instant now) {
        return node.at().isAfter(now.minus(silence));
    }

    void forgetTheLongDead() {
        Instant heardSince = time.instant().minus(FORGOTTEN);
        for (Node node : all()) {
            if (node.at().isBefore(heardSince)) {
                redis.onAdmin(commands -> commands.hdel(NODES, node.id()));
            }
        }
    }

    Acks acks(long epoch) {
        List<Node> live = live();
        List<String> laggards =
                live.stream().filter(node -> node.epoch() < epoch).map(Node::id).toList();
        return new Acks(live.size() - laggards.size(), live.size(), laggards);
    }

    /** Waits until every live node has applied the epoch, at most this long. */
    Acks await(long epoch, Duration atMost) {
        long end = System.nanoTime() + atMost.toNanos();
        Acks acks = acks(epoch);
        while (!acks.complete()
                && System.nanoTime() - end < 0
                && !Thread.currentThread().isInterrupted()) {
            LockSupport.parkNanos(LOOK_AGAIN_NANOS);
            acks = acks(epoch);
        }
        return acks;
    }

    /** The newest pepper that every live node can verify with, as of the last report. */
    Peppers.Pepper pepperToWrite() {
        return pepperToWrite;
    }

    private Peppers.Pepper newestCommon(List<Node> live) {
        for (Peppers.Pepper pepper : peppers.held()) {
            if (live.stream().allMatch(node -> node.peppers().contains(pepper.id()))) {
                return pepper;
            }
        }
        return peppers.current();
    }

    /** All that reported within the last hour and did not deregister, live or not. */
    List<Node> all() {
        Map<String, String> stored = redis.onAdmin(commands -> commands.hgetall(NODES));
        return stored.values().stream()
                .map(text -> json.readValue(text, Node.class))
                .toList();
    }
}
