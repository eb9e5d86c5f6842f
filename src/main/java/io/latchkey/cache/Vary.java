package io.latchkey.cache;

import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** On which of the request's fields an answer depends. */
final class Vary {
    /** What the gateway writes itself: the caller's field of that name is not what the upstream saw. */
    private static final Set<String> OURS =
            Set.of("forwarded", "via", "x-real-ip", "x-correlation-id", "traceparent", "tracestate", "x-api-key");
    /** Part of every place already. */
    private static final Set<String> KNOWN = Set.of("host", "x-forwarded-host", "x-forwarded-proto");

    private Vary() {}

    /** In lower case and in order; null for an answer that no other request can be known to want. */
    static @Nullable List<String> of(Head head) {
        String vary = head.joined("Vary");
        boolean encoded = head.has("Content-Encoding");
        if (vary == null && !encoded) {
            return List.of();
        }
        Set<String> names = new TreeSet<>();
        if (encoded) {
            // Said or not: without the coding in its request a caller could not read it.
            names.add("accept-encoding");
        }
        for (String part : vary == null ? new String[0] : vary.split(",", -1)) {
            String name = part.strip().toLowerCase(Locale.ROOT);
            if (name.equals("*") || OURS.contains(name) || (isForwarded(name) && !KNOWN.contains(name))) {
                return null;
            }
            if (!name.isEmpty() && !KNOWN.contains(name)) {
                names.add(name);
            }
        }
        return List.copyOf(names);
    }

    private static boolean isForwarded(String name) {
        return name.startsWith("x-forwarded-") || name.startsWith("x-consumer-");
    }
}
