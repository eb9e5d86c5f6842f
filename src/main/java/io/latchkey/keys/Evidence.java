package io.latchkey.keys;

import io.latchkey.store.Redis;
import io.latchkey.store.Script;
import io.lettuce.core.RedisFuture;
import io.lettuce.core.ScriptOutputType;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.stereotype.Component;
import tools.jackson.databind.json.JsonMapper;

/** Who used which secret when: gathered in memory, written in batches, never on a request's path. */
@Component
public class Evidence {
    private static final String PREFIX = "{api_keys:valid}:";
    private static final Script USED = Script.of(Evidence.class, Script.EACH_LUA, "used.lua");
    private static final Logger log = LoggerFactory.getLogger(Evidence.class);
    private static final int BATCH = 100;
    private static final int CALLERS_MAX = 200;
    private static final int AGENT_MAX = 120;

    private final Redis redis;
    private final JsonMapper json;
    private final InstantSource time;
    private final ConcurrentHashMap<String, ConcurrentHashMap<String, Tally>> unwritten = new ConcurrentHashMap<>();

    Evidence(Redis redis, JsonMapper json, InstantSource time) {
        this.redis = redis;
        this.json = json;
        this.time = time;
    }

    /** A secret passed the check; {@code agent} is given when the operator needs to see who still uses it. */
    void used(Key key, Secret secret, String address, @Nullable String agent) {
        long now = time.millis();
        // compute, so that a report being taken out at this moment cannot lose the use.
        unwritten.compute(key.id(), (id, secrets) -> {
            ConcurrentHashMap<String, Tally> tallies = secrets == null ? new ConcurrentHashMap<>() : secrets;
            tallies.computeIfAbsent(secret.id(), s -> new Tally(now)).add(now, address, agent);
            return tallies;
        });
    }

    /** Writes what was gathered; on failure it is kept for the next time. */
    void write() {
        List<String> gathered = gathered();
        for (int from = 0; from < gathered.size(); from += BATCH) {
            write(gathered.subList(from, Math.min(from + BATCH, gathered.size())));
        }
    }

    /** Waits for a write on its way: whoever finds nothing here must know that it is stored. */
    private synchronized List<String> gathered() {
        return List.copyOf(unwritten.keySet());
    }

    private synchronized void write(List<String> keyIds) {
        Map<String, ConcurrentHashMap<String, Tally>> taken = new HashMap<>();
        for (String keyId : keyIds) {
            ConcurrentHashMap<String, Tally> tallies = unwritten.remove(keyId);
            if (tallies != null) {
                taken.put(keyId, tallies);
            }
        }
        if (taken.isEmpty()) {
            return;
        }
        Map<String, List<Report>> reports = new HashMap<>();
        taken.forEach((keyId, tallies) -> reports.put(
                keyId,
                tallies.entrySet().stream()
                        .map(entry -> entry.getValue().report(entry.getKey()))
                        .toList()));
        try {
            Long spoilt = redis.onAdmin(
                    USED,
                    ScriptOutputType.INTEGER,
                    List.of("api_keys:valid"),
                    List.of(json.writeValueAsString(reports)));
            if (spoilt > 0) {
                log.error("evidence of {} keys could not be written: something else lies in its place", spoilt);
            }
        } catch (RuntimeException e) {
            taken.forEach((keyId, tallies) -> unwritten.merge(keyId, tallies, Evidence::merged));
            throw e;
        }
    }

    /** What is known of each secret of the keys, in the order asked; of this node to this moment. */
    List<Uses> of(List<String> keyIds) {
        write(keyIds);
        List<RedisFuture<Map<String, String>>> asked = new ArrayList<>(keyIds.size());
        redis.pipeline(commands -> {
            keyIds.forEach(keyId -> asked.add(commands.hgetall(PREFIX + "used:" + keyId)));
            return asked;
        });
        return asked.stream()
                .map(answer -> new Uses(answer.toCompletableFuture().join()))
                .toList();
    }

    /** What is known of each secret of the key. */
    public Uses of(String keyId) {
        return of(List.of(keyId)).getFirst();
    }

    /** Who used a secret during its overlap, most recent first. */
    public List<Seen> callers(String keyId, String secretId) {
        Map<String, String> stored =
                redis.onAdmin(commands -> commands.hgetall(PREFIX + "callers:" + keyId + ":" + secretId));
        Map<String, Seen> seen = new HashMap<>();
        stored.forEach((field, value) -> {
            int space = field.lastIndexOf(' ');
            int tab = field.indexOf('\t');
            String who = field.substring(0, space);
            Seen held = seen.getOrDefault(
                    who, new Seen(field.substring(0, tab), field.substring(tab + 1, space), 0, Instant.EPOCH));
            long number = Long.parseLong(value);
            seen.put(
                    who,
                    field.endsWith(" hits")
                            ? new Seen(held.ip(), held.userAgent(), number, held.lastSeenAt())
                            : new Seen(held.ip(), held.userAgent(), held.hits(), Instant.ofEpochMilli(number)));
        });
        return seen.values().stream()
                .sorted(Comparator.comparing(Seen::lastSeenAt).reversed())
                .toList();
    }

    private static ConcurrentHashMap<String, Tally> merged(
            ConcurrentHashMap<String, Tally> newer, ConcurrentHashMap<String, Tally> older) {
        older.forEach((secret, tally) -> newer.merge(secret, tally, Tally::plus));
        return newer;
    }

    /** One caller of a secret, as an operator sees it. */
    public record Seen(String ip, String userAgent, long hits, Instant lastSeenAt) {}

    /** The stored uses of one key's secrets. */
    public record Uses(Map<String, String> fields) {
        public @Nullable Instant lastUsedAt(String secretId) {
            return instant(secretId + ".last");
        }

        public @Nullable Instant firstUsedAt(String secretId) {
            return instant(secretId + ".first");
        }

        public long hits(String secretId) {
            return Long.parseLong(fields.getOrDefault(secretId + ".hits", "0"));
        }

        private @Nullable Instant instant(String field) {
            String millis = fields.get(field);
            return millis == null ? null : Instant.ofEpochMilli(Long.parseLong(millis));
        }
    }

    private record Report(String secret, long hits, long first, long last, List<CallerReport> callers) {}

    private record CallerReport(String who, long hits, long last) {}

    /** Uses of one secret since the last write. */
    private static final class Tally {
        private final long first;
        private final LongAdder hits = new LongAdder();
        private final ConcurrentHashMap<String, Tally> callers = new ConcurrentHashMap<>();
        private volatile long last;

        Tally(long now) {
            first = now;
            last = now;
        }

        void add(long now, String address, @Nullable String agent) {
            hits.increment();
            last = now;
            if (agent != null) {
                String who = address + '\t' + clean(agent);
                if (callers.size() < CALLERS_MAX || callers.containsKey(who)) {
                    callers.computeIfAbsent(who, w -> new Tally(now)).add(now, address, null);
                }
            }
        }

        Tally plus(Tally older) {
            Tally sum = new Tally(Math.min(first, older.first));
            sum.hits.add(hits.sum() + older.hits.sum());
            sum.last = Math.max(last, older.last);
            sum.callers.putAll(older.callers);
            callers.forEach((who, tally) -> sum.callers.merge(who, tally, Tally::plus));
            return sum;
        }

        Report report(String secretId) {
            return new Report(
                    secretId,
                    hits.sum(),
                    first,
                    last,
                    callers.entrySet().stream()
                            .map(entry -> new CallerReport(
                                    entry.getKey(), entry.getValue().hits.sum(), entry.getValue().last))
                            .toList());
        }

        private static String clean(String agent) {
            String cut = agent.length() > AGENT_MAX ? agent.substring(0, AGENT_MAX) : agent;
            return cut.replaceAll("[^\\x20-\\x7e]", "?");
        }
    }
}
