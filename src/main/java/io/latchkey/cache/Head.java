package io.latchkey.cache;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** Status and header fields of an answer, without what frames its body. */
record Head(int status, List<Field> fields) {
    Head {
        fields = List.copyOf(fields);
    }

    boolean has(String name) {
        return first(name) != null;
    }

    @Nullable
    String first(String name) {
        for (Field field : fields) {
            if (field.name().equalsIgnoreCase(name)) {
                return field.value();
            }
        }
        return null;
    }

    /** All values of a list, as if they had stood in one field; null without one. */
    @Nullable
    String joined(String name) {
        String joined = null;
        for (Field field : fields) {
            if (field.name().equalsIgnoreCase(name)) {
                joined = joined == null ? field.value() : joined + ", " + field.value();
            }
        }
        return joined;
    }
}
