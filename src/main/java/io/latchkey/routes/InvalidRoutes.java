package io.latchkey.routes;

import io.latchkey.problems.Refusal;
import io.latchkey.problems.Refused;
import io.latchkey.problems.WrongField;
import io.latchkey.store.StartRefused;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** The routes that are written down cannot be used; whoever reads them decides what becomes of that. */
final class InvalidRoutes extends RuntimeException {
    private static final long serialVersionUID = 1;
    private static final int MOST_KEPT = 20;
    private static final int LONGEST_KEPT = 200;

    private final transient String source;
    private final transient List<WrongField> faults;

    InvalidRoutes(String source, List<WrongField> faults) {
        super("The routes in " + source + " are not valid:\n  " + lines(faults, "\n  "), null, false, false);
        this.source = source;
        this.faults = List.copyOf(faults);
    }

    /** At start there is nothing else to serve. */
    StartRefused startRefused() {
        return new StartRefused(
                String.valueOf(getMessage()), "Correct the named properties in " + source + " and start again.");
    }

    /** Later there are the routes from before. */
    Refused refused() {
        return new Refused(
                        Refusal.UNPROCESSABLE,
                        "The routes in " + source + " are not valid, and those from before stay in force: "
                                + lines(faults, "; "),
                        this)
                .with("errors", faults)
                .keeping(evidence());
    }

    /** For the audit log, which is kept for ever: how many faults there were, and the first, without what was written. */
    Map<String, Object> evidence() {
        List<WrongField> first = faults.stream()
                .limit(MOST_KEPT)
                .map(fault -> new WrongField(cut(fault.field()), cut(Faults.withoutValue(fault.message()))))
                .toList();
        return Map.of("faults", faults.size(), "errors", first);
    }

    private static String cut(String text) {
        return text.length() <= LONGEST_KEPT ? text : text.substring(0, LONGEST_KEPT - 3) + "...";
    }

    private static String lines(List<WrongField> faults, String separator) {
        return faults.stream()
                .map(fault -> fault.field() + ": " + fault.message())
                .collect(Collectors.joining(separator));
    }
}
