package io.latchkey.proxy;

import jakarta.servlet.http.HttpServletRequest;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/** Fields behind a body: passed on, but for those that would change what came before them. */
final class Trailers {
    private static final Set<String> NEVER = Set.of(
            "age",
            "authorization",
            "cache-control",
            "content-encoding",
            "content-length",
            "content-range",
            "content-type",
            "cookie",
            "date",
            "expires",
            "forwarded",
            "host",
            "location",
            "retry-after",
            "set-cookie",
            "vary",
            "via",
            "warning",
            "www-authenticate",
            "x-api-key",
            "x-correlation-id",
            "x-real-ip");

    private Trailers() {}

    /** Of a request whose body was read to its end. */
    static Map<String, String> of(HttpServletRequest request) {
        return request.isTrailerFieldsReady() ? passable(request.getTrailerFields()) : Map.of();
    }

    static Map<String, String> passable(Map<String, String> trailers) {
        if (trailers.isEmpty()) {
            return trailers;
        }
        Map<String, String> passable = new TreeMap<>();
        trailers.forEach((name, value) -> {
            String lower = name.toLowerCase(Locale.ROOT);
            boolean gateways = lower.startsWith("x-forwarded-")
                    || lower.startsWith("x-consumer-")
                    || lower.startsWith("api-key-")
                    || lower.startsWith("ratelimit")
                    || lower.indexOf('_') >= 0;
            if (!NEVER.contains(lower) && !HopHeaders.contains(lower) && !gateways) {
                passable.put(name, value);
            }
        });
        return passable;
    }
}
