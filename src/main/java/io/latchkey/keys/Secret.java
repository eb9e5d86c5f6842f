package io.latchkey.keys;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * One generation of a key: what a caller holds, as a digest.
 *
 * @param notAfter when it stops working; null = with the key
 * @param activateBy until when a pending secret must be used first
 * @param overlap how long the predecessor of a pending secret lives after that first use
 * @param pepper id of the pepper that made the digest
 * @param indirect the token does not name its key, so a pointer from the digest to the key is stored
 */
@JsonInclude(JsonInclude.Include.NON_DEFAULT)
public record Secret(
        String id,
        Standing standing,
        Instant createdAt,
        @Nullable Instant notAfter,
        @Nullable Instant activateBy,
        @Nullable Duration overlap,
        String last4,
        String pepper,
        String digest,
        boolean indirect) {

    public Secret {
        // Of a token that came as a digest nothing is known, and nothing is stored.
        last4 = last4 == null ? "" : last4;
    }

    /** Where a secret stands in its key's rotation; whether time has run out is seen from its deadline. */
    public enum Standing {
        PENDING,
        ACTIVE,
        SUPERSEDED,
        REVOKED
    }

    public boolean is(Standing other) {
        return standing == other;
    }

    /** The instant from which this secret alone (its key aside) no longer works; null = never. */
    @Nullable
    Instant deadline() {
        return standing == Standing.PENDING ? Deadlines.earlier(notAfter, activateBy) : notAfter;
    }

    /** Works from its first use on, which must come before {@code by}. */
    public Secret pending(@Nullable Instant end, Instant by, Duration predecessorLives) {
        return new Secret(id, Standing.PENDING, createdAt, end, by, predecessorLives, last4, pepper, digest, indirect);
    }

    /** With an end of its own. */
    public Secret ending(@Nullable Instant end) {
        return withEnd(standing, end);
    }

    /** The new secret works; its predecessor's clock starts. */
    Secret activated() {
        return new Secret(id, Standing.ACTIVE, createdAt, notAfter, null, null, last4, pepper, digest, indirect);
    }

    /** The old secret works until {@code end}, never longer than before. */
    public Secret superseded(Instant end) {
        return withEnd(Standing.SUPERSEDED, Deadlines.earlier(notAfter, end));
    }

    public Secret revoked() {
        return withEnd(Standing.REVOKED, notAfter);
    }

    /** Back to active after a rollback, with the end that it had before the rotation. */
    public Secret reinstated(@Nullable Instant formerEnd) {
        return withEnd(Standing.ACTIVE, formerEnd);
    }

    Secret rehashed(String newPepper, String newDigest) {
        return new Secret(
                id, standing, createdAt, notAfter, activateBy, overlap, last4, newPepper, newDigest, indirect);
    }

    private Secret withEnd(Standing newStanding, @Nullable Instant end) {
        return new Secret(id, newStanding, createdAt, end, activateBy, overlap, last4, pepper, digest, indirect);
    }
}
