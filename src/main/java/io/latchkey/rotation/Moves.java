package io.latchkey.rotation;

import io.latchkey.keys.Key;
import io.latchkey.keys.Secret;
import io.latchkey.keys.Secret.Standing;
import io.latchkey.problems.Refusal;
import io.latchkey.problems.Refused;
import io.latchkey.rotation.Rotation.Activation;
import io.latchkey.rotation.Rotation.State;
import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** What each act makes of a key, or why it may not: pure decisions on a key and a moment. */
final class Moves {
    static final Duration OVERLAP_MAX = Duration.ofDays(30);

    private static final Duration UNUSED_MAX = Duration.ofDays(7);
    private static final int SUPERSEDED_MAX = 2;

    private Moves() {}

    /** The key with its new secret; {@code minted} is active at once, or pending until its first use. */
    static Key begin(
            Key key, Secret minted, Activation activation, Duration overlap, @Nullable Instant notAfter, Instant now) {
        if (key.revokedAt() != null || key.expired(now)) {
            throw conflict("The key is revoked or has expired and cannot be rotated; create a new one.");
        }
        if (key.secrets().stream().anyMatch(secret -> secret.digest().equals(minted.digest()))) {
            throw conflict("The key has, or had, this very token already; a rotation needs a new one.");
        }
        Secret current = key.current().orElseThrow(() -> conflict("The key has no active secret."));
        if (has(key, Standing.PENDING, now) > 0) {
            throw conflict("A rotation is pending already; finish it or roll it back first.");
        }
        long superseded = has(key, Standing.SUPERSEDED, now);
        boolean oneMore = overlap.isPositive() && superseded >= SUPERSEDED_MAX;
        if (oneMore) {
            throw conflict("Two older secrets still work; finish their rotations first.");
        }
        if (activation == Activation.FIRST_USE) {
            return key.plus(minted.pending(notAfter, now.plus(UNUSED_MAX), overlap), now);
        }
        return key.superseding(current.id(), now.plus(overlap)).plus(minted.ending(notAfter), now);
    }

    /** The old secret stops now. */
    static Key finish(Key key, Rotation rotation, boolean force, Instant now) {
        State state = rotation.state(key, now);
        if (state == State.PENDING && force) {
            return key.activated(rotation.newSecret(), now).with(rotation.oldSecret(), old -> old.superseded(now));
        }
        if (state == State.PENDING) {
            throw conflict(
                    "The new secret was never used; finishing now would cut off every caller. Use force if you must.");
        }
        if (state != State.OVERLAPPING) {
            throw conflict("The rotation is " + state.wireName() + ".");
        }
        return key.with(rotation.oldSecret(), old -> old.superseded(now));
    }

    /** The new secret stops now, and the old one is what it was before. */
    static Key rollBack(Key key, Rotation rotation, Instant now) {
        State state = rotation.state(key, now);
        if (state == State.PENDING) {
            return key.with(rotation.newSecret(), Secret::revoked);
        }
        if (state != State.OVERLAPPING) {
            throw conflict("The rotation is " + state.wireName() + "; the old secret cannot be revived.");
        }
        boolean current = key.current()
                .filter(secret -> secret.id().equals(rotation.newSecret()))
                .isPresent();
        if (!current || has(key, Standing.PENDING, now) > 0) {
            throw conflict("A later rotation builds on this one; roll that one back first.");
        }
        return key.with(rotation.newSecret(), Secret::revoked)
                .with(rotation.oldSecret(), old -> old.reinstated(rotation.formerEnd()));
    }

    /** The old secret works until a later moment, but never longer than without the rotation. */
    static Key extend(Key key, Rotation rotation, Instant until, Instant now) {
        Secret old = key.secret(rotation.oldSecret()).orElse(null);
        if (old == null || rotation.state(key, now) != State.OVERLAPPING) {
            throw conflict("Only an overlap that still runs can be extended.");
        }
        Instant deadline = key.deadline(old);
        if (deadline == null || !until.isAfter(deadline)) {
            throw conflict("The old secret already works until " + deadline + ".");
        }
        if (until.isAfter(now.plus(OVERLAP_MAX))) {
            throw conflict("The old secret may work for 30 days from now at most.");
        }
        Instant expiry = key.profile().expiresAt();
        if (expiry != null && until.isAfter(expiry)) {
            throw conflict("The key expires at " + expiry + "; no secret of it can work longer.");
        }
        Instant formerEnd = rotation.formerEnd();
        if (formerEnd != null && until.isAfter(formerEnd)) {
            throw conflict("The old secret was to stop at " + formerEnd + " anyway; it cannot live longer than that.");
        }
        return key.with(old.id(), secret -> secret.ending(until));
    }

    private static long has(Key key, Standing standing, Instant now) {
        return key.secrets().stream()
                .filter(secret -> secret.is(standing) && key.usable(secret, now))
                .count();
    }

    private static Refused conflict(String detail) {
        return new Refused(Refusal.CONFLICT, detail);
    }
}
