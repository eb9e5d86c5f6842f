package io.latchkey.keys;

import io.latchkey.problems.Refusal;
import io.latchkey.problems.Refused;
import io.latchkey.store.Peppers;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;

/**
 * A caller's promise that repeating a request means the same act.
 *
 * @param name where the answer's resource id is kept, per caller
 * @param fingerprint tells the same request from another one with the same key
 */
public record Idempotency(String name, String fingerprint) {
    /** Null when the caller made no such promise. */
    public static @Nullable Idempotency of(@Nullable String header, String callerId, String request) {
        if (header == null) {
            return null;
        }
        if (header.isEmpty() || header.length() > 255) {
            throw new Refused(
                    Refusal.BAD_REQUEST, "Idempotency-Key: " + header.length() + " characters (expected: 1 to 255)");
        }
        return new Idempotency("idempotency:" + hash(callerId + '\n' + header), hash(request));
    }

    /** The resource made by the first request; a different request with the same key is refused. */
    String resource(String stored) {
        int space = stored.indexOf(' ');
        if (!stored.substring(0, space).equals(fingerprint)) {
            throw new Refused(
                    Refusal.UNPROCESSABLE, "This Idempotency-Key was used with another request in the last 24 hours.");
        }
        return stored.substring(space + 1);
    }

    private static String hash(String text) {
        return HexFormat.of().formatHex(Peppers.sha256(text), 0, 16);
    }
}
