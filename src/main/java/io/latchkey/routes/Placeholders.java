package io.latchkey.routes;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.springframework.core.env.PropertyResolver;

/** Replaces {@code ${NAME}} by the environment's value, so that the routes need not hold secrets. */
final class Placeholders {
    private static final Pattern PLACEHOLDER = Pattern.compile("\\$\\{([^}]*)(}?)");
    private static final Pattern NAME = Pattern.compile("[A-Za-z_][A-Za-z0-9_.-]*");

    private final PropertyResolver environment;

    Placeholders(PropertyResolver environment) {
        this.environment = environment;
    }

    /** Null, and a fault that names the variable, when it is not set. */
    @Nullable
    String replace(String property, String text, Faults faults) {
        Matcher matcher = PLACEHOLDER.matcher(text);
        StringBuilder replaced = new StringBuilder();
        boolean complete = true;
        while (matcher.find()) {
            String name = matcher.group(1);
            boolean wellFormed =
                    !matcher.group(2).isEmpty() && NAME.matcher(name).matches();
            String value = wellFormed ? environment.getProperty(name) : null;
            if (!wellFormed) {
                faults.say(property, "a placeholder is written ${NAME}");
            } else if (value == null || value.isEmpty()) {
                faults.say(property, "the variable " + name + " is not set");
            }
            complete &= value != null && !value.isEmpty();
            matcher.appendReplacement(replaced, Matcher.quoteReplacement(value == null ? "" : value));
        }
        matcher.appendTail(replaced);
        return complete ? replaced.toString() : null;
    }
}
