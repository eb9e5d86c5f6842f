package io.latchkey.keys;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** Arithmetic of ends, where null means never. */
final class Deadlines {
    private Deadlines() {}

    static @Nullable Instant earlier(@Nullable Instant a, @Nullable Instant b) {
        if (a == null) {
            return b;
        }
        return b == null || a.isBefore(b) ? a : b;
    }

    /** The same where one of the two is known. */
    static Instant sooner(@Nullable Instant a, Instant b) {
        return a == null || b.isBefore(a) ? b : a;
    }

    /** True from the very millisecond of the end. */
    static boolean reached(@Nullable Instant end, Instant now) {
        return end != null && !now.isBefore(end);
    }
}
