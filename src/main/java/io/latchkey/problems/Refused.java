package io.latchkey.problems;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A request is refused: which row of {@link Refusal}, and what to tell this caller. Never holds a secret. */
public final class Refused extends RuntimeException {
    private final transient Refusal refusal;
    private final transient Map<String, Object> members = new LinkedHashMap<>();
    private final transient Map<String, String> headers = new LinkedHashMap<>();
    private transient @Nullable Object evidence;

    public Refused(Refusal refusal, String detail) {
        this(refusal, detail, null);
    }

    /** {@code cause} is kept for the log; the caller never sees it. */
    public Refused(Refusal refusal, String detail, @Nullable Throwable cause) {
        super(detail, cause, false, false);
        this.refusal = refusal;
    }

    /** Adds a member to the problem body. */
    public Refused with(String name, Object value) {
        members.put(name, value);
        return this;
    }

    public Refused header(String name, String value) {
        headers.put(name, value);
        return this;
    }

    /** What the audit log keeps of the refusal besides its code, should it be that of an operator's act. */
    public Refused keeping(Object kept) {
        evidence = kept;
        return this;
    }

    public @Nullable Object evidence() {
        return evidence;
    }

    public Refused retryAfter(Duration wait) {
        long seconds = Math.max(1, wait.plusMillis(999).toSeconds());
        return with("retryAfterSeconds", seconds).header("Retry-After", Long.toString(seconds));
    }

    public Refusal refusal() {
        return refusal;
    }

    public String detail() {
        String detail = getMessage();
        return detail == null ? refusal.title() : detail;
    }

    Map<String, Object> members() {
        return members;
    }

    /** Headers that the answer must carry, such as {@code Retry-After}. */
    public Map<String, String> headers() {
        return headers;
    }
}
