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
 * What keys and rotations are at a moment, said a second time and as plainly as can be: nothing of the gateway's own is
 * used. {@link KeyRules} says what acts make of it.
 */
final class KeyModel {
    private static final Duration NEAR = Duration.ofDays(7);
    static final Duration QUIET = Duration.ofMinutes(10);

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

    boolean works(Token token) {
        return !token.key.revoked && !token.takenBack && !over(end(token));
    }

    boolean expired(ApiKey key) {
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

    static @Nullable Instant earliest(@Nullable Instant... ends) {
        return Stream.of(ends).filter(Objects::nonNull).min(Instant::compareTo).orElse(null);
    }
}
