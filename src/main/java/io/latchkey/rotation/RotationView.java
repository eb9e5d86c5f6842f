package io.latchkey.rotation;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.latchkey.keys.Evidence;
import io.latchkey.keys.Key;
import io.latchkey.rotation.Rotation.Activation;
import io.latchkey.rotation.Rotation.State;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A rotation as an operator follows it. */
record RotationView(
        String id,
        String keyId,
        State state,
        Activation activation,
        Duration overlap,
        Instant createdAt,
        String createdBy,
        @Nullable Instant oldSecretNotAfter,
        OldSecret oldSecret,
        NewSecret newSecret,
        boolean safeToFinish) {

    /** Who still uses the old secret. */
    record OldSecret(String id, @Nullable Instant lastUsedAt, long hits, List<Evidence.Seen> callers) {}

    /** Whether anybody uses the new one. */
    record NewSecret(
            String id,
            @Nullable Instant firstUsedAt,
            @Nullable Instant lastUsedAt,
            long hits) {}

    static RotationView of(Rotations.Seen seen, Instant now) {
        Rotation rotation = seen.rotation();
        Evidence.Uses uses = seen.uses();
        String oldId = rotation.oldSecret();
        String newId = rotation.newSecret();
        return new RotationView(
                rotation.id(),
                seen.key().id(),
                rotation.state(seen.key(), now),
                rotation.activation(),
                rotation.overlap(),
                rotation.createdAt(),
                rotation.createdBy(),
                oldEnd(seen.key(), rotation),
                new OldSecret(oldId, uses.lastUsedAt(oldId), uses.hits(oldId), seen.callers()),
                new NewSecret(newId, uses.firstUsedAt(newId), uses.lastUsedAt(newId), uses.hits(newId)),
                seen.safeToFinish());
    }

    /** The answer to the call that began it: {@code token} is there once. */
    record Begun(
            String id,
            String keyId,

            @JsonInclude(JsonInclude.Include.NON_NULL) @Nullable
            String token,

            State state,
            Activation activation,
            Duration overlap,
            @Nullable Instant oldSecretNotAfter,
            long epoch,
            int nodesAcked,
            int nodesLive,
            List<String> laggards) {

        static Begun of(Rotations.Begun begun, Instant now) {
            Rotation rotation = begun.rotation();
            return new Begun(
                    rotation.id(),
                    begun.key().id(),
                    begun.token(),
                    rotation.state(begun.key(), now),
                    rotation.activation(),
                    rotation.overlap(),
                    oldEnd(begun.key(), rotation),
                    begun.reached().epoch(),
                    begun.reached().nodesAcked(),
                    begun.reached().nodesLive(),
                    begun.reached().laggards());
        }
    }

    private static @Nullable Instant oldEnd(Key key, Rotation rotation) {
        return key.secret(rotation.oldSecret()).map(key::deadline).orElse(null);
    }
}
