package io.latchkey.observability;

import java.util.List;
import org.eclipse.jetty.http.HttpField;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.http.PreEncodedHttpField;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.Request;

/** Opens the trail, and gives every answer its correlation id and what it says to a browser. */
final class AnswerHeaders implements HttpConfiguration.Customizer {
    /** Defaults: an upstream's own field of that name replaces ours. */
    private static final List<HttpField> SECURITY = List.of(
            new PreEncodedHttpField("Strict-Transport-Security", "max-age=63072000; includeSubDomains; preload"),
            new PreEncodedHttpField("X-Content-Type-Options", "nosniff"),
            new PreEncodedHttpField("X-Frame-Options", "DENY"),
            new PreEncodedHttpField("Referrer-Policy", "strict-origin-when-cross-origin"),
            new PreEncodedHttpField("Permissions-Policy", "camera=(), microphone=(), geolocation=()"),
            new PreEncodedHttpField(
                    "Content-Security-Policy",
                    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"));

    private final Spans spans;

    AnswerHeaders(Spans spans) {
        this.spans = spans;
    }

    @Override
    public Request customize(Request request, HttpFields.Mutable headers) {
        // Nothing but the date is there yet, so that nobody has to look for what would be replaced.
        for (int i = 0; i < SECURITY.size(); i++) {
            headers.add(SECURITY.get(i));
        }
        Trail trail = Trail.of(request);
        spans.begin(trail);
        headers.add(Trail.CORRELATION_HEADER, trail.correlationId());
        return request;
    }

    /** In an answer that may have some of them already. */
    static void put(Trail trail, HttpFields.Mutable headers) {
        SECURITY.forEach(headers::put);
        headers.put(Trail.CORRELATION_HEADER, trail.correlationId());
    }
}
