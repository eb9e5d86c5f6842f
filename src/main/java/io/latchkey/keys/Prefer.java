package io.latchkey.keys;

import java.time.Duration;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** RFC 7240 {@code Prefer: wait=<seconds>}: how long a caller would like to wait for all nodes. */
final class Prefer {
    private static final Pattern WAIT = Pattern.compile("(?:^|[,;\\s])wait=(\\d{1,4})(?:$|[,;\\s])");
    private static final Duration UNASKED = Duration.ofMillis(250);
    private static final long SECONDS_MAX = 30;

    private Prefer() {}

    static Duration wait(@Nullable String prefer) {
        Matcher wait = WAIT.matcher(prefer == null ? "" : prefer);
        return wait.find() ? Duration.ofSeconds(Math.min(Long.parseLong(wait.group(1)), SECONDS_MAX)) : UNASKED;
    }
}
