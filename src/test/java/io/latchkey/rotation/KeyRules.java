package io.latchkey.rotation;

import io.latchkey.rotation.KeyModel.ApiKey;
import io.latchkey.rotation.KeyModel.Rotation;
import io.latchkey.rotation.KeyModel.Token;
import java.time.Duration;
import java.time.Instant;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** What acts do to the {@link KeyModel}: each answers the status that it must get, and only a success changes anything. */
final class KeyRules {
    static final int OK = 200;
    static final int CREATED = 201;
    static final int BAD = 400;
    static final int NOT_FOUND = 404;
    static final int CONFLICT = 409;
    static final int FAILED = 412;

    static final Duration OVERLAP_MAX = Duration.ofDays(30);

    private static final Duration LAPSES = Duration.ofDays(7);

    private final KeyModel model;

    KeyRules(KeyModel model) {
        this.model = model;
    }

    int create(ApiKey key) {
        if (model.tokens.containsKey(key.current.text)) {
            return CONFLICT;
        }
        model.keys.add(key);
        model.tokens.put(key.current.text, key.current);
        return CREATED;
    }

    /** The text passed the key check. */
    void used(String text) {
        Token token = Objects.requireNonNull(model.tokens.get(text));
        token.lastUsed = model.now;
        token.key.rotations.stream()
                .filter(rotation -> rotation.fresh == token && token.useBy != null)
                .forEach(this::takeOver);
    }

    static boolean isNoOverlap(Duration overlap) {
        return overlap.isNegative() || overlap.compareTo(OVERLAP_MAX) > 0;
    }

    private boolean mayBegin(ApiKey key, Duration overlap) {
        long older = key.held.stream()
                .filter(token -> token.superseded && model.works(token))
                .count();
        return !key.revoked
                && !model.expired(key)
                && key.held.stream().noneMatch(model::isPending)
                && (older < 2 || overlap.isZero());
    }

    int begin(ApiKey key, String text, Duration overlap, boolean atFirstUse, @Nullable Instant end) {
        if (isNoOverlap(overlap) || model.over(end)) {
            return BAD;
        } else if (!mayBegin(key, overlap) || model.tokens.containsKey(text)) {
            return CONFLICT;
        }
        Token fresh = new Token(key, text, end);
        Rotation rotation = new Rotation(key.current, fresh, overlap);
        key.rotations.add(rotation);
        key.held.add(fresh);
        model.tokens.put(text, fresh);
        if (atFirstUse) {
            fresh.useBy = model.now.plus(LAPSES);
        } else {
            takeOver(rotation);
        }
        if (key.held.size() > 4) {
            Token forgotten = key.held.stream()
                    .filter(token -> !model.works(token))
                    .findFirst()
                    .orElseThrow();
            key.held.remove(forgotten);
            model.tokens.remove(forgotten.text);
        }
        return CREATED;
    }

    int finish(Rotation rotation, boolean force) {
        Instant used = rotation.old.lastUsed;
        switch (model.state(rotation)) {
            case "pending" -> {
                if (!force) {
                    return CONFLICT;
                }
                takeOver(rotation);
            }
            case "overlapping" -> {
                if (!force && used != null && !used.plus(KeyModel.QUIET).isBefore(model.now)) {
                    return CONFLICT;
                }
            }
            default -> {
                return CONFLICT;
            }
        }
        rotation.old.end = KeyModel.earliest(rotation.old.end, model.now);
        return OK;
    }

    int rollBack(Rotation rotation, boolean force) {
        ApiKey key = rotation.fresh.key;
        switch (model.state(rotation)) {
            case "pending" -> rotation.fresh.takenBack = true;
            case "overlapping" -> {
                // The last one first: whatever was begun after it rests on its new token.
                boolean newest =
                        key.current == rotation.fresh && key.held.stream().noneMatch(model::isPending);
                if (!newest || (!force && rotation.fresh.lastUsed != null)) {
                    return CONFLICT;
                }
                rotation.fresh.takenBack = true;
                rotation.old.superseded = false;
                rotation.old.end = rotation.formerEnd;
                key.current = rotation.old;
            }
            default -> {
                return CONFLICT;
            }
        }
        rotation.rolledBack = true;
        return OK;
    }

    int extend(Rotation rotation, Instant until) {
        Instant last = KeyModel.earliest(model.now.plus(OVERLAP_MAX), rotation.old.key.expires, rotation.formerEnd);
        Instant end = model.end(rotation.old);
        if (!model.state(rotation).equals("overlapping") || end == null || !until.isAfter(end) || until.isAfter(last)) {
            return CONFLICT;
        }
        rotation.old.end = until;
        return OK;
    }

    int revoke(ApiKey key) {
        key.revoked = true;
        return OK;
    }

    int change(ApiKey key, Runnable change) {
        if (key.revoked) {
            return CONFLICT;
        }
        change.run();
        return OK;
    }

    int changeExpiry(ApiKey key, @Nullable Instant expires) {
        if (key.revoked || model.expired(key)) {
            return CONFLICT;
        } else if (model.over(expires)) {
            return BAD;
        }
        key.expires = expires;
        return OK;
    }

    /** The new token becomes the current one, and the old one's clock starts; it never runs longer than it would have. */
    private void takeOver(Rotation rotation) {
        ApiKey key = rotation.fresh.key;
        rotation.fresh.useBy = null;
        rotation.old.superseded = true;
        rotation.old.end = KeyModel.earliest(rotation.old.end, key.expires, model.now.plus(rotation.overlap));
        key.current = rotation.fresh;
    }
}
