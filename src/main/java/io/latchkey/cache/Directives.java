package io.latchkey.cache;

import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The directives of a {@code Cache-Control}, lenient in form and strict in doubt. */
final class Directives {
    static final Directives NONE = new Directives(Map.of());
    // More than the longest time that anybody keeps anything; RFC 9111, 1.2.2 asks for 2^31 or more.
    private static final long MOST_SECONDS = 1L << 31;

    private final Map<String, String> values;

    private Directives(Map<String, String> values) {
        this.values = values;
    }

    static Directives of(@Nullable String text) {
        if (text == null || text.isBlank()) {
            return NONE;
        }
        Map<String, String> values = new HashMap<>();
        int start = 0;
        boolean quoted = false;
        for (int i = 0; i <= text.length(); i++) {
            char c = i == text.length() ? ',' : text.charAt(i);
            if (c == '"') {
                quoted = !quoted;
            } else if ((c == ',' && !quoted) || i == text.length()) {
                put(values, text.substring(start, i).strip());
                start = i + 1;
            }
        }
        return new Directives(values);
    }

    private static void put(Map<String, String> values, String directive) {
        int equals = directive.indexOf('=');
        String name = (equals < 0 ? directive : directive.substring(0, equals))
                .strip()
                .toLowerCase(Locale.ROOT);
        String value = equals < 0 ? "" : directive.substring(equals + 1).strip();
        if (value.length() >= 2 && value.startsWith("\"") && value.endsWith("\"")) {
            value = value.substring(1, value.length() - 1);
        }
        if (!name.isEmpty()) {
            // Said twice and differently, it says nothing to be relied on.
            values.merge(name, value, (a, b) -> a.equals(b) ? a : "?");
        }
    }

    boolean has(String name) {
        return values.containsKey(name);
    }

    /** Whether it is there without a value. */
    boolean isBare(String name) {
        return "".equals(values.get(name));
    }

    /** -1 when it is not there; what cannot be read is 0, the least that it can mean. */
    long seconds(String name) {
        String value = values.get(name);
        if (value == null) {
            return -1;
        }
        long seconds = 0;
        for (int i = 0; i < value.length(); i++) {
            char c = value.charAt(i);
            if (c < '0' || c > '9') {
                return 0;
            }
            seconds = Math.min(MOST_SECONDS, seconds * 10 + (c - '0'));
        }
        return seconds;
    }
}
