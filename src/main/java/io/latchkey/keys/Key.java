package io.latchkey.keys;

import com.fasterxml.jackson.annotation.JsonIgnore;
import com.fasterxml.jackson.annotation.JsonInclude;
import io.latchkey.keys.Secret.Standing;
import io.latchkey.problems.Refusal;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * A key as it is stored: a stable id, what an operator says about it, and up to four secrets, oldest first.
 *
 * @param version the epoch of its last change; 0 = not stored yet
 */
@JsonInclude(JsonInclude.Include.NON_DEFAULT)
public record Key(
        String id,
        Kind kind,
        KeyProfile profile,
        Instant createdAt,
        boolean disabled,
        @Nullable Instant revokedAt,
        List<Secret> secrets,
        @JsonIgnore long version) {

    /** Of these, the oldest that no longer works makes room for the next. */
    public static final int SECRETS_MAX = 4;

    public Key {
        secrets = List.copyOf(secrets);
    }

    /** What a key opens: the gateway's routes, or its admin API. */
    public enum Kind {
        API,
        ADMIN
    }

    /** What became of a key, for people. */
    enum State {
        ACTIVE,
        DISABLED,
        EXPIRED,
        REVOKED
    }

    State state(Instant now) {
        if (revokedAt != null) {
            return State.REVOKED;
        }
        if (expired(now)) {
            return State.EXPIRED;
        }
        return disabled ? State.DISABLED : State.ACTIVE;
    }

    public boolean expired(Instant now) {
        return Deadlines.reached(profile.expiresAt(), now)
                || current()
                        .map(secret -> Deadlines.reached(secret.notAfter(), now))
                        .orElse(false);
    }

    /** The secret that callers should use: exactly one is active until the key is revoked. */
    public Optional<Secret> current() {
        return secrets.stream().filter(secret -> secret.is(Standing.ACTIVE)).findFirst();
    }

    /** Whether a new secret waits for its first use, or did so until it lapsed. */
    public boolean isBeingRotated() {
        for (Secret secret : secrets) {
            if (secret.is(Standing.PENDING)) {
                return true;
            }
        }
        return false;
    }

    public Optional<Secret> secret(String secretId) {
        return secrets.stream().filter(secret -> secret.id().equals(secretId)).findFirst();
    }

    /** When this secret stops working, its key's expiry included; null = never. */
    public @Nullable Instant deadline(Secret secret) {
        return Deadlines.earlier(secret.deadline(), profile.expiresAt());
    }

    /** Whether the secret would be accepted, were the key enabled. */
    public boolean usable(Secret secret, Instant now) {
        return revokedAt == null && !secret.is(Standing.REVOKED) && !Deadlines.reached(deadline(secret), now);
    }

    /** Why a caller that holds this secret is refused; null = it is not. */
    @Nullable
    Refusal refusal(Secret secret, Instant now) {
        if (revokedAt != null || secret.is(Standing.REVOKED)) {
            return Refusal.KEY_REVOKED;
        }
        if (Deadlines.reached(profile.expiresAt(), now)) {
            return Refusal.KEY_EXPIRED;
        }
        if (Deadlines.reached(secret.deadline(), now)) {
            return secret.is(Standing.SUPERSEDED) ? Refusal.KEY_SUPERSEDED : Refusal.KEY_EXPIRED;
        }
        return disabled ? Refusal.KEY_DISABLED : null;
    }

    /** The state of one secret, for people. */
    String stateOf(Secret secret, Instant now) {
        if (revokedAt != null) {
            return "revoked";
        }
        boolean over = Deadlines.reached(deadline(secret), now);
        return switch (secret.standing()) {
            case REVOKED -> "revoked";
            case SUPERSEDED -> "superseded";
            case PENDING -> over ? "expired" : "pending";
            case ACTIVE -> over ? "expired" : "active";
        };
    }

    /** When the next rotation is due; null when there is nothing left to rotate. */
    @Nullable
    Instant rotationDue() {
        if (revokedAt != null || disabled || profile.rotateEvery() == null) {
            return null;
        }
        return current()
                .map(secret -> secret.createdAt().plus(profile.rotateEvery()))
                .filter(due -> !Deadlines.reached(profile.expiresAt(), due))
                .orElse(null);
    }

    /** First use of a pending secret: it becomes the current one, and the old one's clock starts. */
    public Key activated(String secretId, Instant now) {
        Secret pending =
                secret(secretId).filter(secret -> secret.is(Standing.PENDING)).orElse(null);
        if (pending == null || !usable(pending, now)) {
            return this;
        }
        Instant end = now.plus(pending.overlap() == null ? Duration.ZERO : pending.overlap());
        Key old = current().map(secret -> superseding(secret.id(), end)).orElse(this);
        return old.with(secretId, Secret::activated);
    }

    /** The secret works until {@code end} or the key's present expiry; a later expiry of the key does not revive it. */
    public Key superseding(String secretId, Instant end) {
        return with(secretId, secret -> secret.superseded(Deadlines.sooner(profile.expiresAt(), end)));
    }

    /** Replaces one secret by what {@code change} makes of it. */
    public Key with(String secretId, UnaryOperator<Secret> change) {
        return withSecrets(secrets.stream()
                .map(secret -> secret.id().equals(secretId) ? change.apply(secret) : secret)
                .toList());
    }

    /** Adds the newest secret; when there are too many, the oldest that no longer works is forgotten. */
    public Key plus(Secret secret, Instant now) {
        List<Secret> all = new ArrayList<>(secrets);
        all.add(secret);
        if (all.size() > SECRETS_MAX) {
            all.stream().filter(old -> !usable(old, now)).findFirst().ifPresent(all::remove);
        }
        return withSecrets(all);
    }

    Key withProfile(KeyProfile newProfile) {
        return new Key(id, kind, newProfile, createdAt, disabled, revokedAt, secrets, version);
    }

    Key withDisabled(boolean newDisabled) {
        return new Key(id, kind, profile, createdAt, newDisabled, revokedAt, secrets, version);
    }

    Key revoked(Instant now) {
        return new Key(id, kind, profile, createdAt, disabled, now, secrets, version);
    }

    /** After a revocation only another secret can work; the old ones stay revoked. */
    Key reissued(Secret secret) {
        List<Secret> all = new ArrayList<>(secrets.stream().map(Secret::revoked).toList());
        all.add(secret);
        List<Secret> newest = all.subList(Math.max(0, all.size() - SECRETS_MAX), all.size());
        return new Key(id, kind, profile, createdAt, disabled, null, newest, version);
    }

    Key withVersion(long newVersion) {
        return new Key(id, kind, profile, createdAt, disabled, revokedAt, secrets, newVersion);
    }

    private Key withSecrets(List<Secret> newSecrets) {
        return new Key(id, kind, profile, createdAt, disabled, revokedAt, newSecrets, version);
    }
}
