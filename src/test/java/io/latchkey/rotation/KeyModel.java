package io.latchkey.rotation;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The rules of keys and rotations, said a second time and as plainly as can be: nothing of the gateway's own is used.
 * Each act answers the status that it must get, and changes the model only if that is a success.
 */
final class KeyModel {
    static final int OK = 200;
    static final int CREATED = 201;
    static final int BAD = 400;
    static final int CONFLICT = 409;

    private static final Duration LAPSES = Duration.ofDays(7);
    private static final Duration NEAR = Duration.ofDays(7);
    private static final Duration QUIET = Duration.ofMinutes(10);
    static final Duration OVERLAP_MAX = Duration.ofDays(30);

    final List<ApiKey> keys = new ArrayList<>();

    /** Every token that a key still remembers; any other text is unknown. */
    final Map<String, Token> tokens = new TreeMap<>();

    Instant now;

    KeyModel(Instant now) {
        this.now = now;
    }

    /** One key, its tokens oldest first. */
    static final class ApiKey {
        final String id;
        final List<Token> held = new ArrayList<>();
        final List<Rotation> rotations = new ArrayList<>();
        Token current;

        @Nullable
        Instant expires;

        boolean disabled;
        boolean revoked;
        boolean elsewhere;
        boolean mayRotate;

        ApiKey(String id, String token, @Nullable Instant expires) {
            this.id = id;
            this.expires = expires;
            current = new Token(this, token, null);
            held.add(current);
        }
    }

    /** One token: it works before {@code end} and, until its first use, before {@code useBy}. */
    static final class Token {
        final ApiKey key;
        final String text;

        @Nullable
        Instant end;

        @Nullable
        Instant useBy;

        @Nullable
        Instant lastUsed;

        boolean superseded;
        boolean takenBack;

        Token(ApiKey key, String text, @Nullable Instant end) {
            this.key = key;
            this.text = text;
            this.end = end;
        }
    }

    /** One token in place of another; {@code formerEnd} is when the old one would have stopped without it. */
    static final class Rotation {
        final Token old;
        final Token fresh;
        final Duration overlap;
        final @Nullable Instant formerEnd;
        String id = "";
        boolean rolledBack;

        Rotation(Token old, Token fresh, Duration overlap) {
            this.old = old;
            this.fresh = fresh;
            this.overlap = overlap;
            formerEnd = old.end;
        }
    }

    // What is seen

    /** What the holder of a text is told: why not, or which key it is, in which state and until when. */
    String verdict(String text) {
        Token token = tokens.get(text);
        if (token == null) {
            return "key-unknown";
        } else if (token.key.revoked || token.takenBack) {
            return "key-revoked";
        } else if (over(token.key.expires)) {
            return "key-expired";
        } else if (over(end(token))) {
            return token.superseded ? "key-superseded" : "key-expired";
        } else if (token.key.disabled) {
            return "key-disabled";
        } else if (token.key.elsewhere) {
            return "address-not-allowed";
        }
        return token.key.id + " " + state(token) + warning(token);
    }

    boolean accepted(String text) {
        return verdict(text).contains(" ");
    }

    /** Found by outside tools in the set of usable ones. */
    boolean isUsable(Token token) {
        return works(token) && !token.key.disabled;
    }

    /** By an act, and not by time alone: never found there. */
    boolean isStopped(Token token) {
        return token.key.revoked || token.takenBack || token.key.disabled;
    }

    String state(ApiKey key) {
        if (key.revoked) {
            return "revoked";
        } else if (expired(key)) {
            return "expired";
        }
        return key.disabled ? "disabled" : "active";
    }

    String state(Token token) {
        if (token.key.revoked || token.takenBack) {
            return "revoked";
        } else if (token.superseded) {
            return "superseded until " + end(token);
        } else if (over(end(token))) {
            return "expired until " + end(token);
        }
        return (token.useBy == null ? "active" : "pending") + " until " + end(token);
    }

    String state(Rotation rotation) {
        if (rotation.rolledBack) {
            return "rolled-back";
        } else if (rotation.fresh.useBy != null) {
            return works(rotation.fresh) ? "pending" : "cancelled";
        }
        return works(rotation.old) ? "overlapping" : "completed";
    }

    @Nullable
    Instant end(Token token) {
        return earliest(token.end, token.useBy, token.key.expires);
    }

    boolean isPending(Token token) {
        return token.useBy != null && works(token);
    }

    boolean isBeingRotated(Token token) {
        return token.key.rotations.stream()
                .filter(rotation -> rotation.old == token || rotation.fresh == token)
                .anyMatch(this::isGoingOn);
    }

    boolean isGoingOn(Rotation rotation) {
        return List.of("pending", "overlapping").contains(state(rotation));
    }

    /** Every moment to come at which something changes by time alone. */
    List<Instant> moments() {
        TreeSet<Instant> moments = new TreeSet<>();
        for (Token token : tokens.values()) {
            Stream.of(
                            token.end,
                            token.useBy,
                            token.key.expires,
                            token.lastUsed == null ? null : token.lastUsed.plus(QUIET))
                    .filter(Objects::nonNull)
                    .filter(moment -> moment.isAfter(now))
                    .forEach(moments::add);
        }
        return List.copyOf(moments);
    }

    // Acts

    int create(ApiKey key) {
        if (tokens.containsKey(key.current.text)) {
            return CONFLICT;
        }
        keys.add(key);
        tokens.put(key.current.text, key.current);
        return CREATED;
    }

    /** The text passed the key check. */
    void used(String text) {
        Token token = Objects.requireNonNull(tokens.get(text));
        token.lastUsed = now;
        token.key.rotations.stream()
                .filter(rotation -> rotation.fresh == token && token.useBy != null)
                .forEach(this::takeOver);
    }

    static boolean isNoOverlap(Duration overlap) {
        return overlap.isNegative() || overlap.compareTo(OVERLAP_MAX) > 0;
    }

    private boolean mayBegin(ApiKey key, Duration overlap) {
        long older = key.held.stream()
                .filter(token -> token.superseded && works(token))
                .count();
        return !key.revoked
                && !expired(key)
                && key.held.stream().noneMatch(this::isPending)
                && (older < 2 || overlap.isZero());
    }

    int begin(ApiKey key, String text, Duration overlap, boolean atFirstUse, @Nullable Instant end) {
        if (isNoOverlap(overlap) || over(end)) {
            return BAD;
        } else if (!mayBegin(key, overlap) || tokens.containsKey(text)) {
            return CONFLICT;
        }
        Token fresh = new Token(key, text, end);
        Rotation rotation = new Rotation(key.current, fresh, overlap);
        key.rotations.add(rotation);
        key.held.add(fresh);
        tokens.put(text, fresh);
        if (atFirstUse) {
            fresh.useBy = now.plus(LAPSES);
        } else {
            takeOver(rotation);
        }
        if (key.held.size() > 4) {
            Token forgotten =
                    key.held.stream().filter(token -> !works(token)).findFirst().orElseThrow();
            key.held.remove(forgotten);
            tokens.remove(forgotten.text);
        }
        return CREATED;
    }

    int finish(Rotation rotation, boolean force) {
        Instant used = rotation.old.lastUsed;
        switch (state(rotation)) {
            case "pending" -> {
                if (!force) {
                    return CONFLICT;
                }
                takeOver(rotation);
            }
            case "overlapping" -> {
                if (!force && used != null && !used.plus(QUIET).isBefore(now)) {
                    return CONFLICT;
                }
            }
            default -> {
                return CONFLICT;
            }
        }
        rotation.old.end = earliest(rotation.old.end, now);
        return OK;
    }

    int rollBack(Rotation rotation, boolean force) {
        ApiKey key = rotation.fresh.key;
        switch (state(rotation)) {
            case "pending" -> rotation.fresh.takenBack = true;
            case "overlapping" -> {
                // The last one first: whatever was begun after it rests on its new token.
                boolean newest =
                        key.current == rotation.fresh && key.held.stream().noneMatch(this::isPending);
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
        Instant last = earliest(now.plus(OVERLAP_MAX), rotation.old.key.expires, rotation.formerEnd);
        Instant end = end(rotation.old);
        if (!state(rotation).equals("overlapping") || end == null || !until.isAfter(end) || until.isAfter(last)) {
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
        if (key.revoked || expired(key)) {
            return CONFLICT;
        } else if (over(expires)) {
            return BAD;
        }
        key.expires = expires;
        return OK;
    }

    // Rules that several of these share

    /** The new token becomes the current one, and the old one's clock starts; it never runs longer than it would have. */
    private void takeOver(Rotation rotation) {
        ApiKey key = rotation.fresh.key;
        rotation.fresh.useBy = null;
        rotation.old.superseded = true;
        rotation.old.end = earliest(rotation.old.end, key.expires, now.plus(rotation.overlap));
        key.current = rotation.fresh;
    }

    private boolean works(Token token) {
        return !token.key.revoked && !token.takenBack && !over(end(token));
    }

    private boolean expired(ApiKey key) {
        return over(key.expires) || over(key.current.end);
    }

    private String warning(Token token) {
        Instant end = end(token);
        if (end == null || !(token.superseded || end.isBefore(now.plus(NEAR)))) {
            return "";
        }
        return ", told " + (token.superseded ? "superseded " : "") + "@" + end.getEpochSecond();
    }

    boolean over(@Nullable Instant end) {
        return end != null && !now.isBefore(end);
    }

    private static @Nullable Instant earliest(@Nullable Instant... ends) {
        return Stream.of(ends).filter(Objects::nonNull).min(Instant::compareTo).orElse(null);
    }
}
