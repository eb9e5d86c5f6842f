package io.latchkey.observability;

import java.time.Instant;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A request as a trace shows it: when it was here, and when at its upstream, in nanoseconds since 1970.
 *
 * @param spanId of the request here; the call has the one that the upstream was told
 * @param callBegan 0 when no upstream was asked
 * @param answered whether the upstream's answer was passed on whole
 */
record RequestTrace(
        TraceContext context,
        String spanId,
        AccessRecord access,
        long began,
        long ended,
        long callBegan,
        long callEnded,
        boolean answered) {

    static RequestTrace of(Trail trail, AccessRecord access, long beganNanos, Instant now) {
        // From the clock of this process to that of the calendar.
        long offset = TimeUnit.SECONDS.toNanos(now.getEpochSecond()) + now.getNano() - System.nanoTime();
        long began = beganNanos + offset;
        long ended = began + access.durationNanos();
        boolean answered = trail.callEnded() != 0;
        return new RequestTrace(
                trail.trace(),
                TraceContext.newSpanId(),
                access,
                began,
                ended,
                trail.callBegan() == 0 ? 0 : trail.callBegan() + offset,
                answered ? trail.callEnded() + offset : ended,
                answered);
    }

    /** Of a closed set: the route's path as it is configured. */
    String name() {
        return access.pathTemplate() == null ? method() : access.pathTemplate();
    }

    String method() {
        return access.method() != null && StrictRequest.METHODS.contains(access.method()) ? access.method() : "_OTHER";
    }

    boolean isCalled() {
        return callBegan != 0;
    }

    int spans() {
        return isCalled() ? 2 : 1;
    }

    /** What went wrong that is not the caller's fault, as a word of a closed set; null when nothing did. */
    @Nullable
    String error() {
        if (access.status() < 500 && !access.aborted()) {
            return null;
        }
        if (access.refusal() != null) {
            return access.refusal();
        }
        return access.aborted() ? "aborted" : Integer.toString(access.status());
    }

    @Nullable
    String callError() {
        if (answered) {
            return null;
        }
        return access.refusal() == null ? "_OTHER" : access.refusal();
    }

    /** Of the upstream's answer; null when there was none, or a cache stood before it and may have answered otherwise. */
    @Nullable
    Long callStatus() {
        return answered && access.cache() == null ? (long) access.status() : null;
    }
}
