package io.latchkey.store;

import org.jspecify.annotations.Nullable;

/**
 * Redis did not do what it was asked, and nobody here is at fault: gone, too slow, or refusing.
 *
 * <p>Whether a write happened is unknown. Without stack trace, because an outage throws one for every request.
 */
public final class StoreUnavailable extends RuntimeException {
    private final transient boolean refusal;

    public StoreUnavailable(String message) {
        this(message, null, false);
    }

    StoreUnavailable(String message, @Nullable Throwable cause, boolean refusal) {
        super(message, cause, false, false);
        this.refusal = refusal;
    }

    /** Redis is there and answered that it will not: no sign of an outage. */
    boolean isRefusal() {
        return refusal;
    }
}
