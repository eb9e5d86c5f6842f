package io.latchkey.ratelimit;

import io.latchkey.keys.Caller;

/** Permits for tests of what comes after the limits. */
public final class TestPermits {
    private TestPermits() {}

    public static Permit permit(Caller caller) {
        return new Permit(caller, null);
    }
}
