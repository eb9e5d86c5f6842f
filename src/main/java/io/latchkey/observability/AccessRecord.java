package io.latchkey.observability;

import org.jspecify.annotations.Nullable;

/** What the one log line of a request says; as text, a line to read. */
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
        @Nullable String userAgent) {

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

    private static void part(StringBuilder line, String name, @Nullable String value) {
        if (value != null) {
            line.append(' ').append(name).append(value);
        }
    }

    private static double millis(long nanos) {
        return Math.round(nanos / 1000.0) / 1000.0;
    }
}
