package io.latchkey.store;

import static org.awaitility.Awaitility.await;

import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisException;
import io.lettuce.core.RedisURI;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.cluster.SlotHash;
import io.lettuce.core.codec.StringCodec;
import io.lettuce.core.output.NestedMultiOutput;
import io.lettuce.core.output.StatusOutput;
import io.lettuce.core.protocol.CommandArgs;
import io.lettuce.core.protocol.CommandType;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/** A real Redis Cluster of three masters, each with a replica. */
public final class RedisCluster implements AutoCloseable {
    private static final int SHARDS = 3;
    private static final Duration PATIENCE = Duration.ofSeconds(40);

    private final RedisClient client = RedisClient.create();
    private final List<Member> members = new ArrayList<>();

    private RedisCluster() {}

    /** One server, and the port on which the others talk to it. */
    private record Member(RedisServer server, int bus, StatefulRedisConnection<String, String> connection) {
        String id() {
            return connection.sync().clusterMyId();
        }

        String say(String... words) {
            CommandArgs<String, String> args = new CommandArgs<>(StringCodec.UTF8);
            List.of(words).forEach(args::add);
            return connection.sync().dispatch(CommandType.CLUSTER, new StatusOutput<>(StringCodec.UTF8), args);
        }
    }

    public static RedisCluster started(Path directory) {
        RedisCluster cluster = new RedisCluster();
        for (int i = 0; i < 2 * SHARDS; i++) {
            int bus = RedisServer.freePort();
            RedisServer server = RedisServer.on(RedisServer.freePort(), directory.resolve("server-" + i))
                    .with("cluster-enabled yes")
                    .with("cluster-port " + bus)
                    .with("cluster-node-timeout 1000")
                    .with("cluster-replica-validity-factor 0")
                    .start();
            cluster.members.add(new Member(server, bus, cluster.connect(server)));
        }
        cluster.join();
        return cluster;
    }

    private StatefulRedisConnection<String, String> connect(RedisServer server) {
        return client.connect(RedisURI.create(server.url()));
    }

    private void join() {
        for (int shard = 0; shard < SHARDS; shard++) {
            int from = SlotHash.SLOT_COUNT * shard / SHARDS;
            int to = SlotHash.SLOT_COUNT * (shard + 1) / SHARDS - 1;
            members.get(shard).say("ADDSLOTSRANGE", String.valueOf(from), String.valueOf(to));
        }
        for (Member member : members) {
            member.say(
                    "MEET",
                    "127.0.0.1",
                    String.valueOf(members.getFirst().server.port()),
                    String.valueOf(members.getFirst().bus));
        }
        for (int shard = 0; shard < SHARDS; shard++) {
            Member replica = members.get(SHARDS + shard);
            String master = members.get(shard).id();
            await().atMost(PATIENCE)
                    .ignoreExceptions()
                    .until(() -> replica.say("REPLICATE", master).equals("OK"));
        }
        awaitWhole();
        for (int shard = 0; shard < SHARDS; shard++) {
            Member replica = members.get(SHARDS + shard);
            await().atMost(PATIENCE)
                    .until(() -> replica.connection.sync().info("replication").contains("master_link_status:up"));
        }
    }

    private void awaitWhole() {
        await().atMost(PATIENCE)
                .until(() -> members.stream()
                        .allMatch(
                                member -> member.connection.sync().clusterInfo().contains("cluster_state:ok")));
    }

    /** Names only some of its servers, as an operator would. */
    public String url() {
        return "redis-cluster://"
                + members.stream()
                        .limit(SHARDS)
                        .map(member -> "127.0.0.1:" + member.server.port())
                        .collect(Collectors.joining(","));
    }

    /** The server that keeps this key now. */
    public RedisServer masterOf(String key) {
        return members.get(indexOfMaster(SlotHash.getSlot(key))).server;
    }

    private int indexOfMaster(int slot) {
        for (int i = 0; i < members.size(); i++) {
            if (isMasterOf(members.get(i), slot)) {
                return i;
            }
        }
        throw new IllegalStateException("No master of slot " + slot);
    }

    private static boolean isMasterOf(Member member, int slot) {
        try {
            String self = member.connection
                    .sync()
                    .clusterNodes()
                    .lines()
                    .filter(line -> line.contains("myself"))
                    .findFirst()
                    .orElse("");
            return self.contains("master") && !self.contains("fail") && holds(self, slot);
        } catch (RedisException e) {
            return false;
        }
    }

    private static boolean holds(String node, int slot) {
        String[] parts = node.split(" ", -1);
        for (int i = 8; i < parts.length; i++) {
            if (parts[i].startsWith("[")) {
                continue;
            }
            String[] range = parts[i].split("-", -1);
            if (!range[0].isEmpty()
                    && slot >= Integer.parseInt(range[0])
                    && slot <= Integer.parseInt(range[range.length - 1])) {
                return true;
            }
        }
        return false;
    }

    /** Moves what belongs to this key's slot to another master, as a resharding does. */
    public void moveSlotOf(String key) {
        String slot = String.valueOf(SlotHash.getSlot(key));
        int index = indexOfMaster(SlotHash.getSlot(key));
        Member from = members.get(index);
        Member to = members.stream()
                .filter(member -> !member.equals(from) && member.say("INFO").contains("cluster_state:ok"))
                .filter(member -> member.connection.sync().role().getFirst().equals("master"))
                .findFirst()
                .orElseThrow();
        to.say("SETSLOT", slot, "IMPORTING", from.id());
        from.say("SETSLOT", slot, "MIGRATING", to.id());
        for (List<String> keys = keysIn(from, slot); !keys.isEmpty(); keys = keysIn(from, slot)) {
            CommandArgs<String, String> args = new CommandArgs<>(StringCodec.UTF8)
                    .add("127.0.0.1")
                    .add(to.server.port())
                    .add("")
                    .add(0)
                    .add(5000)
                    .add("KEYS");
            keys.forEach(args::addKey);
            from.connection.sync().dispatch(CommandType.MIGRATE, new StatusOutput<>(StringCodec.UTF8), args);
        }
        to.say("SETSLOT", slot, "NODE", to.id());
        from.say("SETSLOT", slot, "NODE", to.id());
        awaitWhole();
    }

    @SuppressWarnings("unchecked") // What the output makes of the answer's list.
    private static List<String> keysIn(Member member, String slot) {
        CommandArgs<String, String> args = new CommandArgs<>(StringCodec.UTF8)
                .add("GETKEYSINSLOT")
                .add(slot)
                .add(100);
        return (List<String>) (List<?>)
                member.connection.sync().dispatch(CommandType.CLUSTER, new NestedMultiOutput<>(StringCodec.UTF8), args);
    }

    @Override
    public void close() {
        client.shutdown(Duration.ZERO, Duration.ofSeconds(1));
        members.forEach(member -> member.server.close());
    }
}
