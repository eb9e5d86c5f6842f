package io.latchkey.wire;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** Why an exchange with an upstream failed; the connection is of no more use. */
public final class WireFailure extends IOException {
    private static final long serialVersionUID = 1;

    private final Kind kind;

    /** What went wrong, as far as it decides who is to blame and whether to try again. */
    public enum Kind {
        /** All connections to this upstream are in use. */
        NO_ROOM,
        /** No connection could be made. */
        UNREACHABLE,
        /** No connection could be made in time. */
        CONNECT_TIMEOUT,
        /** A connection that had been idle ended before any answer: most likely it was closed as it was taken. */
        STALE,
        /** The deadline passed. */
        OVERDUE,
        /** The caller is gone, so nobody waits for the answer any more. */
        ABANDONED,
        /** The upstream broke the connection or the protocol. */
        BROKEN
    }

    WireFailure(Kind kind, String message, @Nullable Throwable cause) {
        super(message, cause);
        this.kind = kind;
    }

    public Kind kind() {
        return kind;
    }

    /** Whether not one byte of the request can have reached the upstream. */
    public boolean neverLeft() {
        return kind == Kind.NO_ROOM || kind == Kind.UNREACHABLE || kind == Kind.CONNECT_TIMEOUT;
    }
}
