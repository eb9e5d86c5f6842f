package io.latchkey.keys;

import io.latchkey.keys.Key.Kind;
import io.latchkey.problems.Refusal;
import jakarta.servlet.http.HttpServletRequest;
import java.time.Instant;
import java.util.Comparator;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The outcome of comparing what was presented with a key; passed when there is no refusal. */
record Check(
        @Nullable Key keyOrNull,
        @Nullable Secret secretOrNull,
        @Nullable Refusal refusalOrNull) {
    static Check of(
            @Nullable Key key,
            @Nullable Secret secret,
            Kind kind,
            @Nullable String scope,
            HttpServletRequest request,
            Instant now) {
        if (key == null || secret == null || key.kind() != kind) {
            return new Check(null, null, Refusal.KEY_UNKNOWN);
        }
        Refusal refusal = key.refusal(secret, now);
        if (refusal == null && !addressAllowed(key, request)) {
            refusal = Refusal.ADDRESS_NOT_ALLOWED;
        }
        if (refusal == null && scope != null && !key.profile().scopes().contains(scope)) {
            refusal = Refusal.SCOPE_MISSING;
        }
        return new Check(key, secret, refusal);
    }

    private static boolean addressAllowed(Key key, HttpServletRequest request) {
        if (key.profile().allowedCidrs().isEmpty()) {
            return true;
        }
        return CidrBlock.ofRemote(request.getRemoteAddr())
                .filter(address -> key.profile().allowedCidrs().stream()
                        .anyMatch(block -> CidrBlock.parse(block).contains(address)))
                .isPresent();
    }

    /** When time alone gives another reason; null when it does not. */
    @Nullable
    Instant changesAt(Instant now) {
        if (keyOrNull == null || secretOrNull == null) {
            return null;
        }
        return Stream.of(keyOrNull.deadline(secretOrNull), keyOrNull.profile().expiresAt())
                .filter(Objects::nonNull)
                .filter(now::isBefore)
                .min(Comparator.naturalOrder())
                .orElse(null);
    }

    boolean passed() {
        return refusalOrNull == null;
    }

    Key key() {
        return Objects.requireNonNull(keyOrNull);
    }

    Secret secret() {
        return Objects.requireNonNull(secretOrNull);
    }

    Refusal refusal() {
        return Objects.requireNonNull(refusalOrNull);
    }
}
