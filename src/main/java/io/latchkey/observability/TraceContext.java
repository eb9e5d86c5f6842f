package io.latchkey.observability;

import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Where a request stands in its distributed trace (W3C Trace Context).
 *
 * @param state the {@code tracestate} to hand on; empty when there is none
 */
record TraceContext(String traceId, String spanId, boolean sampled, String state) {
    private static final Pattern TRACEPARENT =
            Pattern.compile("(?!ff)([0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(-.*)?");
    private static final int MAX_STATE = 512;

    /** Goes on with the caller's trace when its headers are valid, else starts one. */
    static TraceContext of(List<String> traceparent, List<String> tracestate) {
        if (traceparent.size() == 1) {
            Matcher parsed = TRACEPARENT.matcher(traceparent.getFirst());
            boolean known = parsed.matches() && (parsed.group(5) == null || !"00".equals(parsed.group(1)));
            if (known) {
                boolean sampled = (HexFormat.fromHexDigits(parsed.group(4)) & 1) == 1;
                return new TraceContext(parsed.group(2), newSpanId(), sampled, state(tracestate));
            }
        }
        return new TraceContext(newTraceId(), newSpanId(), false, "");
    }

    /** The header for the next hop, whose parent is this gateway's span. */
    String traceparent() {
        return "00-" + traceId + '-' + spanId + (sampled ? "-01" : "-00");
    }

    private static String state(List<String> fields) {
        String state = String.join(",", fields);
        boolean printable = state.chars().allMatch(c -> c >= ' ' && c < 0x7f);
        return printable && state.length() <= MAX_STATE ? state : "";
    }

    // Ids need to differ, not to be secret.
    private static String newTraceId() {
        return newSpanId() + newSpanId();
    }

    private static String newSpanId() {
        return HexFormat.of().toHexDigits(ThreadLocalRandom.current().nextLong(1, Long.MAX_VALUE));
    }
}
