package io.latchkey.problems;

import java.util.Locale;

/** Whose fault a refusal is; only {@link #GATEWAY} is logged as an error. */
public enum Blame {
    CALLER,
    UPSTREAM,
    GATEWAY;

    String wireName() {
        return name().toLowerCase(Locale.ROOT);
    }
}
