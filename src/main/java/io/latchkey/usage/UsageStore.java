package io.latchkey.usage;

import io.latchkey.store.Redis;
import io.latchkey.store.Script;
import io.lettuce.core.RedisFuture;
import io.lettuce.core.ScriptOutputType;
import io.lettuce.core.SetArgs;
import io.lettuce.core.cluster.api.async.RedisClusterAsyncCommands;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.Function;
import java.util.stream.LongStream;
import org.springframework.stereotype.Component;
import tools.jackson.databind.json.JsonMapper;

/**
 * Usage in Redis: for each day one hash of everything, one of each key and one of each owner, whose fields are an hour and
 * a route. A day lies in one slot of a cluster.
 */
@Component
class UsageStore {
    private static final Script ADD = Script.of(UsageStore.class, Script.EACH_LUA, "add.lua");

    private final Redis redis;
    private final JsonMapper json;
    private final UsageProperties properties;
    private final String writer = UUID.randomUUID().toString();

    UsageStore(Redis redis, JsonMapper json, UsageProperties properties) {
        this.redis = redis;
        this.json = json;
        this.properties = properties;
    }

    /** One hour of one route. */
    record Entry(long hour, String route, Sums sums) {}

    /** Whose usage. */
    record Whose(String suffix) {
        static final Whose ALL = new Whose("all");

        static Whose key(String id) {
            return new Whose("key:" + id);
        }

        static Whose owner(String owner) {
            return new Whose("owner:" + owner);
        }
    }

    /** How many cells could not be added, because something else lies in their place. */
    long add(Tallies.Batch batch) {
        List<List<Object>> cells = new ArrayList<>();
        batch.cells()
                .forEach((cell, sums) -> cells.add(List.of(cell.keyId(), cell.owner(), cell.field(), sums.numbers())));
        return redis.<Long>onAdmin(
                ADD,
                ScriptOutputType.INTEGER,
                List.of(prefix(batch.day()) + "writers"),
                List.of(
                        writer,
                        Long.toString(batch.number()),
                        Long.toString(properties.keep().toSeconds()),
                        json.writeValueAsString(cells)));
    }

    /** From one hour to before another. */
    List<Entry> read(Whose whose, long from, long to) {
        return read(redis::pipeline, whose, from, to);
    }

    /** The same while a caller waits. */
    List<Entry> readOnRequest(Whose whose, long from, long to) {
        return read(redis::pipelineOnRequest, whose, from, to);
    }

    /** Whether nobody has said this before, on any node, within {@code keep}. */
    boolean isFirst(String what, Duration keep) {
        return redis.onAdmin(commands -> commands.set(
                        "latchkey:usage:said:" + what, "", SetArgs.Builder.nx().ex(keep)))
                != null;
    }

    private interface Pipeline {
        void send(Function<RedisClusterAsyncCommands<String, String>, List<? extends RedisFuture<?>>> commands);
    }

    private static List<Entry> read(Pipeline pipeline, Whose whose, long from, long to) {
        List<Long> days = days(from, to);
        List<RedisFuture<Map<String, String>>> asked = new ArrayList<>(days.size());
        pipeline.send(commands -> {
            days.forEach(day -> asked.add(commands.hgetall(prefix(Cell.dayOf(day * 24)) + whose.suffix())));
            return asked;
        });
        List<Entry> entries = new ArrayList<>();
        for (int i = 0; i < days.size(); i++) {
            long day = days.get(i);
            asked.get(i).toCompletableFuture().join().forEach((field, stored) -> {
                int space = field.indexOf(' ');
                long hour = day * 24 + Long.parseLong(field.substring(0, space));
                if (hour >= from && hour < to) {
                    entries.add(new Entry(hour, field.substring(space + 1), Sums.parse(stored)));
                }
            });
        }
        return entries;
    }

    /** All of the days that these hours touch. */
    void delete(Whose whose, long from, long to) {
        redis.pipeline(commands -> days(from, to).stream()
                .map(day -> commands.del(prefix(Cell.dayOf(day * 24)) + whose.suffix()))
                .toList());
    }

    private static List<Long> days(long from, long to) {
        return LongStream.range(Math.floorDiv(from, 24L), Math.ceilDiv(to, 24L))
                .boxed()
                .toList();
    }

    private static String prefix(String day) {
        return "latchkey:{usage:" + day + "}:";
    }
}
