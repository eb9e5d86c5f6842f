package io.latchkey.rotation;

import io.latchkey.audit.Act;
import io.latchkey.keys.Evidence;
import io.latchkey.keys.EvidenceCall;
import io.latchkey.keys.Idempotency;
import io.latchkey.keys.Key;
import io.latchkey.keys.Key.Kind;
import io.latchkey.keys.KeyChange;
import io.latchkey.keys.KeyChange.Companion;
import io.latchkey.keys.KeyChanges;
import io.latchkey.keys.KeyChanges.Minted;
import io.latchkey.keys.KeyChanges.Reached;
import io.latchkey.keys.Secret;
import io.latchkey.keys.Secret.Standing;
import io.latchkey.problems.Refusal;
import io.latchkey.problems.Refused;
import io.latchkey.rotation.Rotation.Activation;
import io.latchkey.rotation.Rotation.Outcome;
import io.latchkey.rotation.Rotation.State;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;
import tools.jackson.databind.json.JsonMapper;

/** Rotates the secrets of keys, and shows operators when it is safe to finish. */
@Component
class Rotations {
    private static final Duration QUIET = Duration.ofMinutes(10);
    private static final Duration ACKNOWLEDGE = Duration.ofMillis(250);

    private final KeyChanges changes;
    private final Evidence evidence;
    private final EvidenceCall evidenceCall;
    private final RotationMeters meters;
    private final JsonMapper json;
    private final InstantSource time;

    Rotations(
            KeyChanges changes,
            Evidence evidence,
            EvidenceCall evidenceCall,
            RotationMeters meters,
            JsonMapper json,
            InstantSource time) {
        this.changes = changes;
        this.evidence = evidence;
        this.evidenceCall = evidenceCall;
        this.meters = meters;
        this.json = json;
        this.time = time;
    }

    /** What a rotation is asked to be. */
    record Wish(
            Duration overlap,
            Activation activation,
            @Nullable Instant notAfter,
            @Nullable String tokenSha256,
            @Nullable String onlyFrom) {

        /** Only while this secret is the current one. */
        Wish from(String secretId) {
            return new Wish(overlap, activation, notAfter, tokenSha256, secretId);
        }
    }

    /** A rotation that has begun, with the token if this very call made it. */
    record Begun(Key key, Rotation rotation, @Nullable String token, Reached reached, boolean repeated) {}

    Begun begin(Kind kind, String keyId, Wish wish, Act act, @Nullable Idempotency promise) {
        Key before = changes.get(kind, keyId);
        Minted minted = changes.mint(keyId, before.profile().env(), Standing.ACTIVE, wish.tokenSha256());
        String rotationId = changes.newId();
        KeyChanges.Repeatable begun = changes.change(kind, keyId, act, promise, rotationId, key -> {
            Instant now = time.instant();
            Secret old = key.current().orElse(null);
            if (wish.onlyFrom() != null && (old == null || !old.id().equals(wish.onlyFrom()))) {
                throw new Refused(Refusal.CONFLICT, "This secret was rotated already; rotate with the current one.");
            }
            Key after = Moves.begin(key, minted.secret(), wish.activation(), wish.overlap(), wish.notAfter(), now);
            Rotation rotation = new Rotation(
                    rotationId,
                    old == null ? "" : old.id(),
                    minted.secret().id(),
                    wish.overlap(),
                    wish.activation(),
                    now,
                    act.actor().id(),
                    old == null ? null : old.notAfter(),
                    null);
            return new KeyChange(
                    key,
                    after,
                    Stream.concat(lapsed(key), Stream.of(rotation))
                            .map(this::companion)
                            .toList());
        });
        boolean repeated = begun.earlier().isPresent();
        if (!repeated) {
            meters.count("begun");
        }
        Key key = begun.key();
        return new Begun(
                key,
                rotation(keyId, begun.earlier().orElse(rotationId)),
                repeated ? null : minted.token(),
                changes.await(key.version(), ACKNOWLEDGE),
                repeated);
    }

    /** Rotations whose new secret nobody used in time: written down, for the key may forget that secret from now on. */
    private Stream<Rotation> lapsed(Key key) {
        if (!key.isBeingRotated()) {
            return Stream.empty();
        }
        return all(key.id())
                .filter(earlier -> key.secret(earlier.newSecret())
                        .filter(unused -> unused.is(Standing.PENDING))
                        .isPresent())
                .map(earlier -> earlier.ended(Outcome.LAPSED));
    }

    /** A rotation and all that is known of its two secrets. */
    record Seen(Key key, Rotation rotation, Evidence.Uses uses, List<Evidence.Seen> callers, boolean safeToFinish) {}

    List<Seen> list(Kind kind, String keyId) {
        Key key = changes.get(kind, keyId);
        return all(keyId)
                .sorted(Comparator.comparing(Rotation::id).reversed())
                .map(rotation -> seen(key, rotation))
                .toList();
    }

    Seen get(Kind kind, String keyId, String rotationId) {
        return seen(changes.get(kind, keyId), rotation(keyId, rotationId));
    }

    Seen finish(Kind kind, String keyId, String rotationId, boolean force, Act act) {
        State checked = refuseIfUsed(kind, keyId, rotationId, force, Secrets.OLD);
        return moved(kind, keyId, rotationId, act, Outcome.FINISHED, "finished", (key, rotation) -> {
            refuseIfMoved(key, rotation, force, checked);
            return Moves.finish(key, rotation, force, time.instant());
        });
    }

    Seen rollBack(Kind kind, String keyId, String rotationId, boolean force, Act act) {
        State checked = refuseIfUsed(kind, keyId, rotationId, force, Secrets.NEW);
        return moved(kind, keyId, rotationId, act, Outcome.ROLLED_BACK, "rolled-back", (key, rotation) -> {
            refuseIfMoved(key, rotation, force, checked);
            return Moves.rollBack(key, rotation, time.instant());
        });
    }

    Seen extend(Kind kind, String keyId, String rotationId, Instant until, Act act) {
        return moved(
                kind,
                keyId,
                rotationId,
                act,
                null,
                "extended",
                (key, rotation) -> Moves.extend(key, rotation, until, time.instant()));
    }

    private enum Secrets {
        OLD,
        NEW
    }

    /** What an act makes of a key that has this rotation. */
    private interface Move {
        Key apply(Key key, Rotation rotation);
    }

    private Seen moved(
            Kind kind, String keyId, String rotationId, Act act, @Nullable Outcome outcome, String counted, Move move) {
        Key after = changes.change(kind, keyId, act, key -> {
            Rotation rotation = rotation(keyId, rotationId);
            Key moved = move.apply(key, rotation);
            return new KeyChange(key, moved, outcome == null ? List.of() : List.of(companion(rotation.ended(outcome))));
        });
        changes.await(after.version(), ACKNOWLEDGE);
        meters.count(counted);
        return seen(after, rotation(keyId, rotationId));
    }

    /** Only fresh evidence counts: every live node writes what it has seen first; one that does not counts as a use. */
    private State refuseIfUsed(Kind kind, String keyId, String rotationId, boolean force, Secrets which) {
        Key key = changes.get(kind, keyId);
        Rotation rotation = rotation(keyId, rotationId);
        State state = rotation.state(key, time.instant());
        if (force || state != State.OVERLAPPING) {
            return state;
        }
        Reached reached = evidenceCall.call();
        if (!reached.everywhere()) {
            throw new Refused(
                            Refusal.CONFLICT,
                            "Not every node said what it has seen; those that did not may still serve callers. Try"
                                    + " again, or use force.")
                    .with("laggards", reached.laggards());
        }
        Evidence.Uses uses = evidence.of(keyId);
        if (which == Secrets.NEW && uses.firstUsedAt(rotation.newSecret()) != null) {
            throw new Refused(
                    Refusal.CONFLICT, "The new secret is in use already; rolling back would cut off its callers.");
        }
        Instant oldUsed = uses.lastUsedAt(rotation.oldSecret());
        if (which == Secrets.OLD && !quiet(oldUsed)) {
            throw new Refused(
                            Refusal.CONFLICT,
                            "The old secret was used in the last 10 minutes; its callers are listed in the rotation.")
                    .with("lastUsedAt", String.valueOf(oldUsed));
        }
        return state;
    }

    /** A pending rotation whose first use came after the look at the evidence was not looked at as what it is now. */
    private void refuseIfMoved(Key key, Rotation rotation, boolean force, State checked) {
        if (!force && rotation.state(key, time.instant()) != checked) {
            throw new Refused(Refusal.CONFLICT, "The rotation has just moved on; look at it again.");
        }
    }

    private Seen seen(Key key, Rotation rotation) {
        Evidence.Uses uses = evidence.of(key.id());
        boolean safe = rotation.state(key, time.instant()) == State.OVERLAPPING
                && quiet(uses.lastUsedAt(rotation.oldSecret()));
        return new Seen(key, rotation, uses, evidence.callers(key.id(), rotation.oldSecret()), safe);
    }

    private boolean quiet(@Nullable Instant lastUsed) {
        return lastUsed == null || lastUsed.isBefore(time.instant().minus(QUIET));
    }

    private Stream<Rotation> all(String keyId) {
        return changes.rotations(keyId).values().stream().map(text -> json.readValue(text, Rotation.class));
    }

    private Rotation rotation(String keyId, String rotationId) {
        Map<String, String> stored = changes.rotations(keyId);
        String text = stored.get(rotationId);
        if (text == null) {
            throw new Refused(Refusal.RESOURCE_NOT_FOUND, "There is no such rotation.");
        }
        return json.readValue(text, Rotation.class);
    }

    private Companion companion(Rotation rotation) {
        return new Companion(rotation.id(), json.writeValueAsString(rotation));
    }
}
