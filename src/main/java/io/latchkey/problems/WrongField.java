package io.latchkey.problems;

import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.DatabindException;
import tools.jackson.databind.exc.UnrecognizedPropertyException;

/** One field that a caller got wrong, and how, without repeating its value: it may be a secret in the wrong place. */
public record WrongField(String field, String message) {
    public Refused refused() {
        return new Refused(Refusal.BAD_REQUEST, field + ": " + message).with("errors", List.of(this));
    }

    /** Empty when the text is no JSON at all. */
    public static Optional<WrongField> of(JacksonException e) {
        if (!(e instanceof DatabindException databind) || databind.getPath().isEmpty()) {
            return Optional.empty();
        }
        String field = databind.getPath().stream()
                .map(part ->
                        part.getPropertyName() == null ? "[" + part.getIndex() + "]" : "." + part.getPropertyName())
                .collect(Collectors.joining())
                .replaceFirst("^\\.", "");
        boolean unknown = e instanceof UnrecognizedPropertyException;
        return Optional.of(new WrongField(field, unknown ? "is unknown" : "has the wrong type or form"));
    }
}
