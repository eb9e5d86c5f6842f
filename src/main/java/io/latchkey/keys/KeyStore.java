package io.latchkey.keys;

import io.latchkey.audit.Audit;
import io.latchkey.audit.Link;
import io.latchkey.keys.Key.Kind;
import io.latchkey.store.Redis;
import io.latchkey.store.Script;
import io.lettuce.core.KeyValue;
import io.lettuce.core.Limit;
import io.lettuce.core.Range;
import io.lettuce.core.ScriptOutputType;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.json.JsonMapper;

/** Keys in Redis: every change is one script that also moves the set of usable digests, the epoch and the audit chain. */
@Component
class KeyStore {
    static final String PREFIX = "{api_keys:valid}:";

    private static final String CHANGED = "api_keys:valid";
    private static final Script COMMIT = Script.of(KeyStore.class, Audit.CHAIN_LUA, "commit.lua");
    private static final Script RESOLVE = Script.of(KeyStore.class, "resolve.lua");
    private static final Script SWEEP = Script.of(KeyStore.class, "sweep.lua");
    private static final long IDEMPOTENCY_SECONDS = 86_400;

    private final Redis redis;
    private final JsonMapper json;
    private final InstantSource time;

    KeyStore(Redis redis, JsonMapper json, InstantSource time) {
        this.redis = redis;
        this.json = lenient(json);
        this.time = time;
    }

    /** What was stored leaves out defaults, and a newer version may have added to it. */
    static JsonMapper lenient(JsonMapper strict) {
        return strict.rebuild()
                .disable(
                        DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES,
                        DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
                .build();
    }

    /** On the request path. */
    @Nullable
    Key find(String id) {
        return parse(redis.onRequest(commands -> commands.get(PREFIX + "key:" + id)));
    }

    /** On the request path: the key of a token that does not name it, by its digest under each pepper. */
    @Nullable
    Key findByDigest(List<String> digests) {
        List<String> found = redis.onRequest(RESOLVE, ScriptOutputType.MULTI, List.of(CHANGED), digests);
        return found.size() < 2 ? null : parse(found.get(1));
    }

    @Nullable
    Key load(String id) {
        return parse(redis.onAdmin(commands -> commands.get(PREFIX + "key:" + id)));
    }

    /** Those that exist, in the order asked. */
    List<Key> load(List<String> ids) {
        if (ids.isEmpty()) {
            return List.of();
        }
        String[] names = ids.stream().map(id -> PREFIX + "key:" + id).toArray(String[]::new);
        List<KeyValue<String, String>> stored = redis.onAdmin(commands -> commands.mget(names));
        List<Key> keys = new ArrayList<>(stored.size());
        for (KeyValue<String, String> value : stored) {
            Key key = parse(value.getValueOrElse(null));
            if (key != null) {
                keys.add(key);
            }
        }
        return keys;
    }

    /** Which keys have these digests, of those whose tokens do not name their key. */
    Map<String, String> ownersOf(List<String> digests) {
        Map<String, String> owners = new HashMap<>();
        if (!digests.isEmpty()) {
            String[] names =
                    digests.stream().map(digest -> PREFIX + "digest:" + digest).toArray(String[]::new);
            for (KeyValue<String, String> pointer : redis.onAdmin(commands -> commands.mget(names))) {
                if (pointer.hasValue()) {
                    owners.put(pointer.getKey().substring((PREFIX + "digest:").length()), pointer.getValue());
                }
            }
        }
        return owners;
    }

    /** Newest first, from just below {@code cursor}. */
    List<String> ids(Kind kind, @Nullable String cursor, int limit) {
        Range<String> range = Range.from(
                Range.Boundary.unbounded(),
                cursor == null ? Range.Boundary.unbounded() : Range.Boundary.excluding(cursor));
        return redis.onAdmin(commands -> commands.zrevrangebylex(PREFIX + index(kind), range, Limit.from(limit)));
    }

    @Nullable
    String guard(String name) {
        return redis.onAdmin(commands -> commands.get(PREFIX + name));
    }

    long overdue() {
        Range<Long> past = Range.create(0L, time.millis());
        return redis.onAdmin(commands -> commands.zcount(PREFIX + "due", past));
    }

    Set<String> peppersUsed() {
        return redis.onAdmin(commands -> commands.smembers(PREFIX + "peppers"));
    }

    void forgetPepper(String pepperId) {
        redis.onAdmin(commands -> commands.srem(PREFIX + "peppers", pepperId));
    }

    Map<String, String> rotations(String id) {
        return redis.onAdmin(commands -> commands.hgetall(PREFIX + "rotations:" + id));
    }

    long sweep() {
        return redis.<Long>onAdmin(
                SWEEP, ScriptOutputType.INTEGER, List.of(CHANGED), List.of(Long.toString(time.millis())));
    }

    /**
     * Writes all changes and the audit entry, or nothing and says why. What somebody will be {@code told} of is
     * confirmed by replicas; what a fail-over may undo, because it is then done again, is not.
     */
    Outcome commit(
            List<KeyChange> changes,
            @Nullable Link link,
            List<Guard> guards,
            @Nullable Kind onlyIfEmpty,
            boolean told) {
        CommitPlan plan = CommitPlan.of(changes, link, guards, onlyIfEmpty, json, time.instant());
        List<String> keys = List.of(CHANGED);
        List<String> args = List.of(json.writeValueAsString(plan));
        List<Object> answer = told
                ? redis.<List<Object>>confirmed(
                        COMMIT,
                        ScriptOutputType.MULTI,
                        keys,
                        args,
                        said -> said.getFirst().equals("done"))
                : redis.<List<Object>>onAdmin(COMMIT, ScriptOutputType.MULTI, keys, args);
        return switch (String.valueOf(answer.getFirst())) {
            case "done" -> new Outcome.Done(withVersions(changes, answer));
            case "guarded" -> new Outcome.Guarded(String.valueOf(answer.get(1)));
            case "taken" -> new Outcome.Taken(String.valueOf(answer.get(1)));
            default -> new Outcome.Moved();
        };
    }

    /** Of a change that was found to be made already: whoever made it may not have waited for it to be confirmed. */
    void confirmEarlier() {
        redis.confirmEarlier(PREFIX + "confirm");
    }

    static Guard guard(Idempotency idempotency, String resource) {
        return new Guard(idempotency.name(), idempotency.fingerprint() + ' ' + resource, IDEMPOTENCY_SECONDS);
    }

    private static List<Key> withVersions(List<KeyChange> changes, List<Object> answer) {
        List<Key> stored = new ArrayList<>(changes.size());
        for (int i = 0; i < changes.size(); i++) {
            stored.add(changes.get(i).after().withVersion((Long) answer.get(i + 1)));
        }
        return stored;
    }

    private @Nullable Key parse(@Nullable String stored) {
        if (stored == null) {
            return null;
        }
        int line = stored.indexOf('\n');
        return json.readValue(stored.substring(line + 1), Key.class)
                .withVersion(Long.parseLong(stored.substring(0, line)));
    }

    /** The name of the list of all ids of that kind. */
    static String index(Kind kind) {
        return kind == Kind.API ? "ids" : "token-ids";
    }

    /** A name that must not exist yet, and is taken with the change; {@code ttl} 0 = for ever. */
    record Guard(String name, String value, long ttl) {}

    /** What became of a commit. */
    sealed interface Outcome {
        /** Written; the keys with their new versions. */
        record Done(List<Key> keys) implements Outcome {}

        /** Somebody else changed something first: read again and decide again. */
        record Moved() implements Outcome {}

        /** A guard's name was taken; by what. */
        record Guarded(String value) implements Outcome {}

        /** The token belongs to another key. */
        record Taken(String keyId) implements Outcome {}
    }
}
