package io.latchkey.routes;

import io.latchkey.problems.WrongField;
import java.util.ArrayList;
import java.util.List;

/** Everything that is wrong with the routes, collected so that one reading shows it all. */
final class Faults {
    private final List<WrongField> found = new ArrayList<>();

    /** {@code value} is what was written, before any {@code ${VARIABLE}} was replaced. */
    void add(String property, Object value, String expected) {
        say(property, shorten(String.valueOf(value)) + " (expected: " + expected + ")");
    }

    void missing(String property, String expected) {
        say(property, "missing (expected: " + expected + ")");
    }

    void say(String property, String what) {
        found.add(new WrongField(property, what));
    }

    void throwIfAny(String source) {
        if (!found.isEmpty()) {
            throw new InvalidRoutes(source, found);
        }
    }

    private static String shorten(String value) {
        String line = value.replaceAll("\\p{Cntrl}", "?").replaceAll("//[^/]*@", "//(not shown)@");
        return line.length() <= 80 ? line : line.substring(0, 77) + "...";
    }
}
