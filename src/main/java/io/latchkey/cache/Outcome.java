package io.latchkey.cache;

import java.util.Locale;

/** Where an answer came from. */
public enum Outcome {
    HIT,
    MISS,
    STALE,
    REVALIDATED,
    COLLAPSED,
    BYPASS,
    FALLBACK;

    /** For logs and meters. */
    public String word() {
        return name().toLowerCase(Locale.ROOT);
    }
}
