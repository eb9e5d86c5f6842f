package io.latchkey.keys;

import io.latchkey.keys.Key.Kind;
import io.latchkey.keys.Secret.Standing;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Callers for tests of what comes after the key check. */
public final class TestCallers {
    private TestCallers() {}

    public static Caller caller(@Nullable String keyId) {
        if (keyId == null) {
            return Caller.ANONYMOUS;
        }
        Secret secret =
                new Secret("s1", Standing.ACTIVE, Instant.EPOCH, null, null, null, "last", "p1", "0".repeat(64), false);
        KeyProfile profile = KeyProfile.named("test", "test", List.of(), null);
        return new Caller(new Key(keyId, Kind.API, profile, Instant.EPOCH, false, null, List.of(secret), 1), secret);
    }
}
