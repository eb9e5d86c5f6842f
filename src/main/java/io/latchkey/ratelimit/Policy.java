package io.latchkey.ratelimit;

import io.latchkey.problems.Window;

/**
 * At most {@code quota} units per {@code window}.
 *
 * @param scope whose count it is: a route's id, or {@link #EVERYWHERE}
 * @param exact never one over, and never one refused early
 * @param shadow counts and refuses nobody
 */
record Policy(String name, String scope, long quota, Window window, boolean exact, boolean shadow) {
    /** Counts on all routes together; no route can have this id. */
    static final String EVERYWHERE = "-";

    /** Another window is another count; another quota is not. */
    String redisKey(String subject) {
        return "latchkey:ratelimit:{" + subject + "}:" + scope + ':' + name + ':' + window.text();
    }

    /** As the script reads it. */
    String windowArgument() {
        return window.isCalendar()
                ? window.text()
                : Long.toString(window.length().toMillis());
    }
}
