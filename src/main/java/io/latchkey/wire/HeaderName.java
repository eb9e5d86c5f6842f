package io.latchkey.wire;

import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/**
 * The name of a header, as it was written and in lower case.
 *
 * <p>Upstreams send the same few names again and again, so the last ones seen are kept; what is kept is bounded, and
 * a name that is overwritten is only made anew.
 */
public record HeaderName(String text, String lower) {
    private static final String SYMBOLS = "!#$%&'*+-.^_`|~";
    private static final boolean[] TOKEN = new boolean[256];
    private static final AtomicReferenceArray<@Nullable HeaderName> SEEN = new AtomicReferenceArray<>(512);

    static {
        for (int c = 0; c < 128; c++) {
            boolean alphanumeric = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
            TOKEN[c] = alphanumeric || SYMBOLS.indexOf(c) >= 0;
        }
    }

    /** The name that these bytes spell; null when they are no name. */
    static @Nullable HeaderName of(byte[] bytes, int from, int to) {
        int hash = 0;
        for (int i = from; i < to; i++) {
            if (!TOKEN[bytes[i] & 0xff]) {
                return null;
            }
            hash = 31 * hash + bytes[i];
        }
        if (from == to) {
            return null;
        }
        int slot = (hash ^ (hash >>> 9)) & (SEEN.length() - 1);
        HeaderName seen = SEEN.getPlain(slot);
        if (seen != null && seen.isSpelled(bytes, from, to)) {
            return seen;
        }
        String text = new String(bytes, from, to - from, StandardCharsets.ISO_8859_1);
        HeaderName made = new HeaderName(text, text.toLowerCase(Locale.ROOT));
        SEEN.setRelease(slot, made);
        return made;
    }

    private boolean isSpelled(byte[] bytes, int from, int to) {
        if (text.length() != to - from) {
            return false;
        }
        for (int i = 0; i < text.length(); i++) {
            if (text.charAt(i) != bytes[from + i]) {
                return false;
            }
        }
        return true;
    }
}
