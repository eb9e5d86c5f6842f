package io.latchkey.rotation;

import io.latchkey.problems.Refusal;
import io.latchkey.problems.Refused;
import io.latchkey.rotation.Rotation.Activation;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What callers may ask of a rotation, checked field by field. */
final class RotationForms {
    private static final Duration OVERLAP = Duration.ofHours(24);

    private RotationForms() {}

    /** The body of a call that begins a rotation; every field may be left out. */
    record Begin(
            @Nullable Duration overlap,
            @Nullable Activation activation,
            @Nullable Instant notAfter,
            @Nullable String tokenSha256) {

        static final Begin DEFAULT = new Begin(null, null, null, null);

        Rotations.Wish wish(Instant now) {
            Duration lives = overlap == null ? OVERLAP : overlap;
            if (lives.isNegative() || lives.compareTo(Moves.OVERLAP_MAX) > 0) {
                throw wrong("overlap", lives + " (expected: PT0S to P30D)");
            }
            if (notAfter != null && !notAfter.isAfter(now)) {
                throw wrong("notAfter", "must be in the future");
            }
            if (tokenSha256 != null && !tokenSha256.matches("[0-9a-fA-F]{64}")) {
                throw wrong("tokenSha256", "must be 64 hexadecimal digits, the SHA-256 of the token");
            }
            return new Rotations.Wish(
                    lives, activation == null ? Activation.NOW : activation, notAfter, tokenSha256, null);
        }
    }

    /** The body of finish and rollback. */
    record Force(@Nullable Boolean force) {
        static boolean of(@Nullable Force body) {
            return body != null && Boolean.TRUE.equals(body.force);
        }
    }

    /** The body of extend. */
    record Extend(@Nullable Instant until) {
        Instant checked() {
            if (until == null) {
                throw wrong("until", "is missing");
            }
            return until;
        }
    }

    private static Refused wrong(String field, String message) {
        return new Refused(Refusal.BAD_REQUEST, field + ": " + message)
                .with("errors", List.of(Map.of("field", field, "message", message)));
    }
}
