package io.latchkey.keys;

import io.latchkey.audit.Act;
import io.latchkey.keys.Key.Kind;
import io.latchkey.keys.KeyStore.Guard;
import io.latchkey.keys.KeyStore.Outcome;
import io.latchkey.keys.Secret.Standing;
import io.latchkey.problems.Refusal;
import io.latchkey.problems.Refused;
import io.latchkey.store.Peppers;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/**
 * Changes keys: read, decide, write in one script; when somebody else was first, read and decide again.
 *
 * <p>So a decision never acts on an old state, and an acknowledged change has its audit entry.
 */
@Component
public class KeyChanges {
    /** Of many writers at once, one wins each round; more rounds than this mean that something is wrong. */
    static final int ROUNDS_MAX = 200;

    private static final int ID_RANDOM_CHARS = 6;
    private static final int ID_TIME_CHARS = 8;

    private final KeyStore store;
    private final Nodes nodes;
    private final AuditedCommits commits;
    private final InstantSource time;
    private final SecureRandom random = new SecureRandom();

    KeyChanges(KeyStore store, Nodes nodes, AuditedCommits commits, InstantSource time) {
        this.store = store;
        this.nodes = nodes;
        this.commits = commits;
        this.time = time;
    }

    /** A new secret; {@code token} is known only now, and only when it was made here. */
    public record Minted(@Nullable String token, Secret secret) {}

    /** How far a change has come. */
    public record Reached(long epoch, int nodesAcked, int nodesLive, List<String> laggards) {
        public boolean everywhere() {
            return laggards.isEmpty();
        }
    }

    /** An id that sorts after all earlier ones. */
    public String newId() {
        return Base62.encode(time.millis(), ID_TIME_CHARS) + Base62.random(ID_RANDOM_CHARS, random);
    }

    /** A secret for a key; {@code tokenSha256} (hex) when the caller made the token itself. */
    public Minted mint(String keyId, String env, Standing standing, @Nullable String tokenSha256) {
        String token = tokenSha256 == null ? Token.mint(env, keyId, random) : null;
        byte[] sha256 = token == null ? HexFormat.of().parseHex(tokenSha256) : Peppers.sha256(token);
        return new Minted(token, secret(standing, sha256, token == null ? "" : Token.last4(token), token == null));
    }

    /** A secret for a token that callers already have. */
    Secret adopt(byte[] sha256, String last4) {
        return secret(Standing.ACTIVE, sha256, last4, true);
    }

    private Secret secret(Standing standing, byte[] sha256, String last4, boolean indirect) {
        Peppers.Pepper pepper = nodes.pepperToWrite();
        return new Secret(
                newId(),
                standing,
                time.instant(),
                null,
                null,
                null,
                last4,
                pepper.id(),
                pepper.digest(sha256),
                indirect);
    }

    public Key get(Kind kind, String id) {
        Key key = store.load(id);
        if (key == null || key.kind() != kind) {
            throw new Refused(Refusal.RESOURCE_NOT_FOUND, "There is no such key.");
        }
        return key;
    }

    /** What was kept beside the key's rotations, by rotation id. */
    public Map<String, String> rotations(String keyId) {
        return store.rotations(keyId);
    }

    public Key change(Kind kind, String id, Act act, Function<Key, KeyChange> decide) {
        return change(
                kind,
                id,
                decide,
                change -> commits.commit(change, act, change.after().id(), List.of(), null),
                store::confirmEarlier);
    }

    /** What a caller's request does by itself: it must not wait for replicas, and does it again if it is lost. */
    Key changeQuietly(Kind kind, String id, Act act, Function<Key, KeyChange> decide) {
        return change(kind, id, decide, change -> commits.commitQuietly(change, act), () -> {});
    }

    private Key change(
            Kind kind,
            String id,
            Function<Key, KeyChange> decide,
            Function<KeyChange, Outcome> commit,
            Runnable madeEarlier) {
        for (int round = 0; round < ROUNDS_MAX; round++) {
            KeyChange change = decide.apply(get(kind, id));
            if (change.after().equals(change.before()) && change.rotations().isEmpty()) {
                madeEarlier.run();
                return change.after();
            }
            Optional<Key> done = done(commit.apply(change));
            if (done.isPresent()) {
                return done.get();
            }
        }
        throw contended();
    }

    /** A change that a caller may repeat: {@code resource} names what the first request made. */
    public Repeatable change(
            Kind kind,
            String id,
            Act act,
            @Nullable Idempotency promise,
            String resource,
            Function<Key, KeyChange> decide) {
        for (int round = 0; round < ROUNDS_MAX; round++) {
            Optional<String> earlier = earlier(promise);
            if (earlier.isPresent()) {
                return new Repeatable(get(kind, id), earlier);
            }
            KeyChange change = decide.apply(get(kind, id));
            Optional<Key> done = done(commits.commit(change, act, id, guards(promise, resource), null));
            if (done.isPresent()) {
                return new Repeatable(done.get(), Optional.empty());
            }
        }
        throw contended();
    }

    /** The key as it is now, and the resource of an earlier identical request if this one only repeats it. */
    public record Repeatable(Key key, Optional<String> earlier) {}

    public Repeatable create(Key key, Act act, @Nullable Idempotency promise) {
        for (int round = 0; round < ROUNDS_MAX; round++) {
            Optional<String> earlier = earlier(promise);
            if (earlier.isPresent()) {
                return new Repeatable(get(key.kind(), earlier.get()), earlier);
            }
            Optional<Key> done =
                    done(commits.commit(new KeyChange(null, key), act, key.id(), guards(promise, key.id()), null));
            if (done.isPresent()) {
                return new Repeatable(done.get(), Optional.empty());
            }
        }
        throw contended();
    }

    /** A key whose id is fixed: empty when it is there already, for another node was first. */
    Optional<Key> createFirst(Key key, Act act) {
        for (int round = 0; round < ROUNDS_MAX; round++) {
            if (store.load(key.id()) != null) {
                return Optional.empty();
            }
            Optional<Key> done = done(commits.commit(new KeyChange(null, key), act, key.id(), List.of(), null));
            if (done.isPresent()) {
                return done;
            }
        }
        throw contended();
    }

    /** Once for ever, and only into a store without keys of this kind: of many nodes that try, one succeeds. */
    Optional<Key> seed(Key key, Act act, String marker) {
        if (store.guard(marker) != null) {
            return Optional.empty();
        }
        for (int round = 0; round < ROUNDS_MAX; round++) {
            Guard forEver = new Guard(marker, key.id(), 0);
            Outcome outcome = commits.commit(new KeyChange(null, key), act, key.id(), List.of(forEver), key.kind());
            Optional<Key> done = done(outcome);
            if (done.isPresent() || outcome instanceof Outcome.Guarded) {
                return done;
            }
        }
        throw contended();
    }

    /** Changes a page of keys in one step with one audit entry; {@code decide} leaves out those that stay. */
    List<Key> changeAll(List<String> ids, Act act, String target, Function<Key, Optional<Key>> decide) {
        for (int round = 0; round < ROUNDS_MAX; round++) {
            List<KeyChange> page = new ArrayList<>();
            for (Key key : store.load(ids)) {
                decide.apply(key).ifPresent(after -> page.add(new KeyChange(key, after)));
            }
            if (page.isEmpty()) {
                return List.of();
            }
            if (commits.commitAll(page, act, target) instanceof Outcome.Done done) {
                return done.keys();
            }
        }
        throw contended();
    }

    /** Waits until every live node has applied the change, at most this long. */
    public Reached await(long epoch, Duration atMost) {
        Nodes.Acks acks = nodes.await(epoch, atMost);
        return new Reached(epoch, acks.acked(), acks.live(), acks.laggards());
    }

    private Optional<String> earlier(@Nullable Idempotency promise) {
        String stored = promise == null ? null : store.guard(promise.name());
        if (promise == null || stored == null) {
            return Optional.empty();
        }
        store.confirmEarlier();
        return Optional.of(promise.resource(stored));
    }

    private static List<Guard> guards(@Nullable Idempotency promise, String resource) {
        return promise == null ? List.of() : List.of(KeyStore.guard(promise, resource));
    }

    /** The one key that was written; empty when somebody was first and it has to be decided again. */
    private static Optional<Key> done(Outcome outcome) {
        if (outcome instanceof Outcome.Taken) {
            throw new Refused(Refusal.CONFLICT, "Another key already has this token.");
        }
        return outcome instanceof Outcome.Done done ? Optional.of(done.keys().getFirst()) : Optional.empty();
    }

    static Refused contended() {
        return new Refused(Refusal.STORE_UNAVAILABLE, "Too many changes at once; nothing was changed.")
                .retryAfter(Duration.ofSeconds(1));
    }
}
