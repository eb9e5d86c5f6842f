package io.latchkey.cache;

import io.latchkey.routes.Route.Fallback;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Set;

/** Writes to the caller what the gateway answers itself. */
final class Reply {
    private static final String CACHE = "latchkey; ";
    /** What says something about a body, which a 304 does not have. */
    private static final Set<String> OF_THE_BODY =
            Set.of("content-type", "content-encoding", "content-language", "content-range");

    private Reply() {}

    /** Without the upstream having been asked. */
    static void hit(StoredAnswer answer, Ask ask, HttpServletResponse response, long now, String detail)
            throws IOException {
        stored(answer, ask, response, now, "hit; ttl=" + Math.floorDiv(answer.freshFor(now), 1000L) + detail);
    }

    /** A stored answer, or 304 to a caller who has it. */
    static void stored(StoredAnswer answer, Ask ask, HttpServletResponse response, long now, String cacheStatus)
            throws IOException {
        Head head = answer.head();
        boolean held = ask.holds(head);
        response.setStatus(held ? HttpServletResponse.SC_NOT_MODIFIED : head.status());
        for (Field field : head.fields()) {
            if (!held || !OF_THE_BODY.contains(field.name().toLowerCase(Locale.ROOT))) {
                put(response, field);
            }
        }
        response.setHeader("Age", Long.toString(answer.age(now) / 1000));
        say(response, cacheStatus);
        if (held) {
            return;
        }
        byte[] body = answer.body();
        if (head.status() != HttpServletResponse.SC_NO_CONTENT) {
            response.setContentLength(body.length);
        }
        if (!ask.isHead() && body.length > 0) {
            response.getOutputStream().write(body);
        }
    }

    static void fallback(Fallback fallback, boolean head, HttpServletResponse response, String cacheStatus)
            throws IOException {
        byte[] body = fallback.body().getBytes(StandardCharsets.UTF_8);
        response.setStatus(fallback.status());
        response.setHeader("Cache-Control", "no-store");
        say(response, cacheStatus);
        if (fallback.status() == HttpServletResponse.SC_NO_CONTENT || fallback.status() == 304) {
            return;
        }
        response.setContentType(fallback.contentType());
        response.setContentLength(body.length);
        if (!head) {
            response.getOutputStream().write(body);
        }
    }

    /** As the upstream's answer set it, but for what it says to this cache alone. */
    static void put(HttpServletResponse response, Field field) {
        if (field.name().equalsIgnoreCase("Cache-Tag")) {
            return;
        }
        if (field.more()) {
            response.addHeader(field.name(), field.value());
        } else {
            response.setHeader(field.name(), field.value());
        }
    }

    /** Behind what caches nearer to the upstream said (RFC 9211). */
    static void say(HttpServletResponse response, String cacheStatus) {
        if (!cacheStatus.isEmpty()) {
            response.addHeader("Cache-Status", CACHE + cacheStatus);
        }
    }
}
