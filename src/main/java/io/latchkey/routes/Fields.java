package io.latchkey.routes;

import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.convert.DurationStyle;
import org.springframework.util.unit.DataSize;

/** One mapping of the routes, read property by property; what nobody asked for is a fault. */
final class Fields {
    private static final DataSize LARGEST = DataSize.ofTerabytes(1);

    private final String property;
    private final Map<String, Entry> entries = new LinkedHashMap<>();
    private final Set<String> known = new LinkedHashSet<>();
    private final Placeholders placeholders;
    private final Faults faults;

    private record Entry(String name, Object value) {}

    Fields(String property, Map<?, ?> values, Placeholders placeholders, Faults faults) {
        this.property = property;
        this.placeholders = placeholders;
        this.faults = faults;
        values.forEach((name, value) -> {
            Entry entry = new Entry(String.valueOf(name), value);
            if (value != null && entries.put(uniform(entry.name()), entry) != null) {
                faults.say(path(entry.name()), "written twice");
            }
        });
    }

    String path(String name) {
        return property + '.' + name;
    }

    @Nullable
    String text(String name, Predicate<String> valid, String expected) {
        return scalar(name, text -> valid.test(text) ? text : null, expected);
    }

    String requiredText(String name, Predicate<String> valid, String expected) {
        if (!entries.containsKey(uniform(name))) {
            faults.missing(path(name), expected);
        }
        String text = text(name, valid, expected);
        return text == null ? "" : text;
    }

    String orElse(@Nullable String text, String byDefault) {
        return text == null ? byDefault : text;
    }

    boolean flag(String name, boolean byDefault) {
        Boolean flag = scalar(
                name, text -> Set.of("true", "false").contains(text) ? Boolean.valueOf(text) : null, "true or false");
        return flag == null ? byDefault : flag;
    }

    int number(String name, int byDefault, int least, int most) {
        return (int) longNumber(name, byDefault, least, most);
    }

    long longNumber(String name, long byDefault, long least, long most) {
        Long number = scalar(
                name,
                text -> {
                    long parsed = Long.parseLong(text);
                    return parsed >= least && parsed <= most ? parsed : null;
                },
                least + " to " + most);
        return number == null ? byDefault : number;
    }

    Duration duration(String name, Duration byDefault, Duration least, Duration most) {
        Duration duration = scalar(
                name,
                text -> {
                    Duration parsed = parseDuration(text);
                    return parsed.compareTo(least) >= 0 && parsed.compareTo(most) <= 0 ? parsed : null;
                },
                print(least) + " to " + print(most));
        return duration == null ? byDefault : duration;
    }

    DataSize size(String name, DataSize byDefault) {
        DataSize size = scalar(
                name,
                text -> {
                    DataSize parsed = DataSize.parse(text);
                    return parsed.isNegative() || parsed.compareTo(LARGEST) > 0 || isBare(text) ? null : parsed;
                },
                "0B to 1TB");
        return size == null ? byDefault : size;
    }

    /** The elements of a list, each under its own property path; a single value counts as a list of one. */
    List<String> texts(String name, Predicate<String> valid, String expected) {
        Object value = take(name);
        List<?> elements = value instanceof List<?> list ? list : value == null ? List.of() : List.of(value);
        List<String> texts = new ArrayList<>();
        for (int i = 0; i < elements.size(); i++) {
            String text = convert(path(name) + '[' + i + ']', elements.get(i), t -> valid.test(t) ? t : null, expected);
            if (text != null) {
                texts.add(text);
            }
        }
        return texts;
    }

    boolean has(String name) {
        known.add(name);
        return entries.containsKey(uniform(name));
    }

    /** Whether there is no such property, or an empty list. */
    boolean lacks(String name) {
        Entry entry = entries.get(uniform(name));
        return entry == null || (entry.value() instanceof List<?> list && list.isEmpty());
    }

    /** The mapping below {@code name}; an empty one where there is none. */
    Fields nested(String name) {
        return new Fields(path(name), nestedMap(name), placeholders, faults);
    }

    /** Names and values as they are written, with placeholders replaced; the values may be secrets. */
    Map<String, String> pairs(String name) {
        Map<String, String> pairs = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
        nestedMap(name).forEach((key, raw) -> {
            String where = path(name) + '.' + key;
            String value = placeholders.replace(where, String.valueOf(raw), faults);
            if (value != null && pairs.put(String.valueOf(key), value) != null) {
                faults.say(where, "written twice");
            }
        });
        return pairs;
    }

    /** The elements of a list of mappings; one that is only a text stands for a mapping with this one property. */
    List<Fields> elements(String name, String onlyProperty) {
        Object value = take(name);
        List<?> elements = value instanceof List<?> list ? list : value == null ? List.of() : List.of(value);
        List<Fields> mappings = new ArrayList<>();
        for (int i = 0; i < elements.size(); i++) {
            Object element = elements.get(i);
            Map<?, ?> mapping =
                    element instanceof Map<?, ?> map ? map : Collections.singletonMap(onlyProperty, element);
            mappings.add(new Fields(path(name) + '[' + i + ']', mapping, placeholders, faults));
        }
        return mappings;
    }

    void say(String name, String problem) {
        faults.say(path(name), problem);
    }

    void refuseTheRest() {
        Set<String> asked = new TreeSet<>();
        known.forEach(name -> asked.add(uniform(name)));
        for (Map.Entry<String, Entry> entry : entries.entrySet()) {
            if (!asked.contains(entry.getKey())) {
                faults.say(
                        path(entry.getValue().name()),
                        "unknown, or not supported by this version (accepted: " + String.join(", ", known) + ")");
            }
        }
    }

    private <T> @Nullable T scalar(String name, Function<String, @Nullable T> read, String expected) {
        Object value = take(name);
        return value == null ? null : convert(path(name), value, read, expected);
    }

    private <T> @Nullable T convert(
            String where, @Nullable Object value, Function<String, @Nullable T> read, String expected) {
        if (value == null || value instanceof Map || value instanceof List) {
            faults.add(where, value == null ? "null" : "a list or mapping", expected);
            return null;
        }
        String text = placeholders.replace(where, value.toString().strip(), faults);
        if (text == null) {
            return null;
        }
        T converted = null;
        try {
            converted = read.apply(text);
        } catch (IllegalArgumentException | ArithmeticException e) {
            // Said below, in our own words.
        }
        if (converted == null) {
            faults.add(where, value, expected);
        }
        return converted;
    }

    private Map<?, ?> nestedMap(String name) {
        Object value = take(name);
        if (value != null && !(value instanceof Map)) {
            faults.add(path(name), value, "a mapping");
        }
        return value instanceof Map<?, ?> map ? map : Map.of();
    }

    private @Nullable Object take(String name) {
        known.add(name);
        Entry entry = entries.get(uniform(name));
        return entry == null ? null : entry.value();
    }

    private static Duration parseDuration(String text) {
        if (isBare(text)) {
            throw new IllegalArgumentException("a bare number has no unit");
        }
        return DurationStyle.detectAndParse(text);
    }

    private static String print(Duration bound) {
        ChronoUnit unit = bound.toSeconds() == 0 ? ChronoUnit.MILLIS : ChronoUnit.SECONDS;
        if (bound.toSeconds() >= 60) {
            unit = bound.toHours() > 0 ? ChronoUnit.HOURS : ChronoUnit.MINUTES;
        }
        return DurationStyle.SIMPLE.print(bound, unit);
    }

    private static boolean isBare(String text) {
        return text.chars().allMatch(c -> c >= '0' && c <= '9');
    }

    /** {@code stripPrefix}, {@code strip-prefix} and the environment's {@code STRIPPREFIX} are one property. */
    private static String uniform(String name) {
        return name.replace("-", "").toLowerCase(Locale.ROOT);
    }
}
