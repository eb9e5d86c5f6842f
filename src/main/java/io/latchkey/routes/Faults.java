package io.latchkey.routes;

import io.latchkey.problems.WrongField;
import java.util.ArrayList;
import java.util.List;

/** Everything that is wrong with the routes, collected so that one reading shows it all. */
final class Faults {
    private static final String EXPECTED = " (expected: ";

    private final List<WrongField> found = new ArrayList<>();

    /** {@code value} is what was written, before any {@code ${VARIABLE}} was replaced. */
    void add(String property, Object value, String expected) {
        say(property, shorten(String.valueOf(value)) + EXPECTED + expected + ")");
    }

    void missing(String property, String expected) {
        say(property, "missing" + EXPECTED + expected + ")");
    }

    void say(String property, String what) {
        found.add(new WrongField(property, what));
    }

    void throwIfAny(String source) {
        if (!found.isEmpty()) {
            throw new InvalidRoutes(source, found);
        }
    }

    /** What was expected, or what is wrong: a value may hold a secret that somebody wrote in the wrong place. */
    static String withoutValue(String message) {
        int expected = message.lastIndexOf(EXPECTED);
        return expected < 0 ? message : message.substring(expected + 2, message.length() - 1);
    }

    private static String shorten(String value) {
        String line = value.replaceAll("\\p{Cntrl}", "?").replaceAll("//[^/]*@", "//(not shown)@");
        return line.length() <= 80 ? line : line.substring(0, 77) + "...";
    }
}
