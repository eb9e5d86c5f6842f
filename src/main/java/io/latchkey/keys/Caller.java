package io.latchkey.keys;

import org.jspecify.annotations.Nullable;

/** Proof that the key check was passed; only {@link Keys} can make one. */
public final class Caller {
    /** Request attribute that the reserved paths find their caller in. */
    public static final String ATTRIBUTE = "latchkey.caller";

    static final Caller ANONYMOUS = new Caller(null, null);

    private final @Nullable Key key;
    private final @Nullable Secret secret;

    Caller(@Nullable Key key, @Nullable Secret secret) {
        this.key = key;
        this.secret = secret;
    }

    /** Null on a public route. */
    public @Nullable String keyId() {
        return key == null ? null : key.id();
    }

    /** The caller's key; there is none on a public route. */
    public Key key() {
        if (key == null) {
            throw new IllegalStateException("a public route's caller has no key");
        }
        return key;
    }

    /** The secret that was presented. */
    public Secret secret() {
        if (secret == null) {
            throw new IllegalStateException("a public route's caller has no secret");
        }
        return secret;
    }
}
