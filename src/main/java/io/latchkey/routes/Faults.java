package io.latchkey.routes;

import io.latchkey.store.StartRefused;
import java.util.ArrayList;
import java.util.List;

/** Everything that is wrong with the routes, collected so that one start shows it all. */
final class Faults {
    private final List<String> lines = new ArrayList<>();

    /** {@code value} is what was written, before any {@code ${VARIABLE}} was replaced. */
    void add(String property, Object value, String expected) {
        lines.add(property + ": " + shorten(String.valueOf(value)) + " (expected: " + expected + ")");
    }

    void missing(String property, String expected) {
        lines.add(property + ": missing (expected: " + expected + ")");
    }

    void say(String property, String what) {
        lines.add(property + ": " + what);
    }

    void refuseStartIfAny(String source) {
        if (!lines.isEmpty()) {
            throw new StartRefused(
                    "The routes in " + source + " are not valid:\n  " + String.join("\n  ", lines),
                    "Correct the named properties in " + source + " and start again.");
        }
    }

    private static String shorten(String value) {
        String line = value.replaceAll("\\p{Cntrl}", "?").replaceAll("//[^/]*@", "//(not shown)@");
        return line.length() <= 80 ? line : line.substring(0, 77) + "...";
    }
}
