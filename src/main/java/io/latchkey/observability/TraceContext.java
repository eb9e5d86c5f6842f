package io.latchkey.observability;

import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Where a request stands in its distributed trace (W3C Trace Context).
 *
 * @param parentId the caller's span; null where the trace begins here
 * @param spanId of the call to the upstream, which is told it as its parent
 * @param state the {@code tracestate} to hand on; empty when there is none
 */
record TraceContext(String traceId, @Nullable String parentId, String spanId, boolean sampled, String state) {
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
                return new TraceContext(parsed.group(2), parsed.group(3), newSpanId(), sampled, state(tracestate));
            }
        }
        return new TraceContext(newTraceId(), null, newSpanId(), false, "");
    }

    TraceContext asSampled() {
        return new TraceContext(traceId, parentId, spanId, true, state);
    }

    /** Whether this trace is among so large a part of all, 0 to 1; every node says the same of it. */
    boolean isAmong(double part) {
        return part > 0 && (HexFormat.fromHexDigitsToLong(traceId, 18, 32) + 1) * 0x1p-56 <= part;
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

    static String newSpanId() {
        return HexFormat.of().toHexDigits(ThreadLocalRandom.current().nextLong(1, Long.MAX_VALUE));
    }
}
