package io.latchkey.observability;

import net.logstash.logback.argument.StructuredArgument;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonGenerator;

/** The one log line of a request, as JSON fields or as a line to read. */
record AccessRecord(
        String correlationId,
        String traceId,
        @Nullable String keyId,
        @Nullable String route,
        @Nullable String method,
        @Nullable String pathTemplate,
        @Nullable String path,
        int status,
        long requestBytes,
        long responseBytes,
        long durationNanos,
        long upstreamNanos,
        @Nullable String cache,
        @Nullable String refusal,
        boolean aborted,
        String client,
        @Nullable String userAgent)
        implements StructuredArgument {

    @Override
    public void writeTo(JsonGenerator json) {
        json.writeStringProperty("correlationId", correlationId);
        json.writeStringProperty("traceId", traceId);
        text(json, "keyId", keyId);
        text(json, "route", route);
        text(json, "method", method);
        text(json, "pathTemplate", pathTemplate);
        text(json, "path", path);
        json.writeNumberProperty("status", status);
        json.writeNumberProperty("requestBytes", requestBytes);
        json.writeNumberProperty("responseBytes", responseBytes);
        json.writeNumberProperty("durationMs", millis(durationNanos));
        if (upstreamNanos >= 0) {
            json.writeNumberProperty("upstreamMs", millis(upstreamNanos));
        }
        text(json, "cache", cache);
        text(json, "refusal", refusal);
        if (aborted) {
            json.writeBooleanProperty("aborted", true);
        }
        json.writeStringProperty("client", client);
        text(json, "userAgent", userAgent);
    }

    @Override
    public String toString() {
        StringBuilder line = new StringBuilder(160)
                .append(method == null ? "-" : method)
                .append(' ')
                .append(path == null ? "-" : path)
                .append(" -> ")
                .append(status);
        part(line, "", aborted ? "aborted" : null);
        part(line, "", refusal);
        line.append(' ').append(millis(durationNanos)).append("ms");
        part(line, "upstream=", upstreamNanos < 0 ? null : millis(upstreamNanos) + "ms");
        part(line, "cache=", cache);
        line.append(" in=").append(requestBytes).append(" out=").append(responseBytes);
        part(line, "route=", route);
        part(line, "key=", keyId);
        line.append(" client=").append(client).append(" id=").append(correlationId);
        part(line, "agent=", userAgent);
        return line.toString();
    }

    private static void text(JsonGenerator json, String name, @Nullable String value) {
        if (value != null) {
            json.writeStringProperty(name, value);
        }
    }

    private static void part(StringBuilder line, String name, @Nullable String value) {
        if (value != null) {
            line.append(' ').append(name).append(value);
        }
    }

    private static double millis(long nanos) {
        return Math.round(nanos / 1000.0) / 1000.0;
    }
}
