package io.latchkey.keys;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One key before and after an act.
 *
 * @param before null when the key is new
 * @param rotations what to keep of rotations beside the key
 */
public record KeyChange(@Nullable Key before, Key after, List<Companion> rotations) {
    public KeyChange {
        rotations = List.copyOf(rotations);
    }

    public KeyChange(@Nullable Key before, Key after) {
        this(before, after, List.of());
    }

    /** A document that is written in the same step. */
    public record Companion(String id, String json) {}

    List<Secret> secretsBefore() {
        return before == null ? List.of() : before.secrets();
    }
}
