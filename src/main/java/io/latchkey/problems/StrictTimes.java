package io.latchkey.problems;

import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.function.Function;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.databind.DeserializationContext;
import tools.jackson.databind.JacksonModule;
import tools.jackson.databind.deser.std.StdScalarDeserializer;
import tools.jackson.databind.module.SimpleModule;

/** Reads times as RFC 3339 and durations as ISO 8601, and never a bare number whose unit one would have to guess. */
final class StrictTimes<T> extends StdScalarDeserializer<T> {
    private final Class<T> type;
    private final Function<String, T> reader;

    private StrictTimes(Class<T> type, Function<String, T> reader) {
        super(type);
        this.type = type;
        this.reader = reader;
    }

    static JacksonModule module() {
        return new SimpleModule("strict-times")
                .addDeserializer(Instant.class, new StrictTimes<>(Instant.class, StrictTimes::instant))
                .addDeserializer(Duration.class, new StrictTimes<>(Duration.class, Duration::parse));
    }

    /** Years have four digits; later ones do not fit into milliseconds. */
    private static Instant instant(String text) {
        if (text.startsWith("+") || text.startsWith("-")) {
            throw new DateTimeException("a year of other than four digits");
        }
        return Instant.parse(text);
    }

    @Override
    public T deserialize(JsonParser parser, DeserializationContext context) {
        if (!parser.hasToken(JsonToken.VALUE_STRING)) {
            return type.cast(context.handleUnexpectedToken(type, parser));
        }
        String text = parser.getString();
        try {
            return reader.apply(text);
        } catch (DateTimeException e) {
            return type.cast(context.handleWeirdStringValue(type, text, "not in the ISO form"));
        }
    }
}
