package io.latchkey.problems;

import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.time.format.DateTimeParseException;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * For how long a limit counts: a length of time from its first use on, or the calendar's day or month in UTC.
 *
 * @param text as it was written, such as {@code PT1M}
 * @param length of the calendar's month the longest
 */
public record Window(String text, Duration length) {
    public static final String EXPECTED = "PT1S to PT24H, P1D to P31D, or P1M";

    private static final String DAY = "P1D";
    private static final String MONTH = "P1M";
    private static final Pattern DAYS = Pattern.compile("P([1-9]|[12][0-9]|3[01])D");
    private static final Duration SHORTEST = Duration.ofSeconds(1);
    private static final Duration LONGEST = Duration.ofHours(24);

    /** Null when the text is none. */
    public static @Nullable Window parse(String text) {
        if (text.equals(MONTH)) {
            return new Window(text, Duration.ofDays(31));
        }
        if (!text.startsWith("PT") && !DAYS.matcher(text).matches()) {
            return null;
        }
        try {
            Duration length = Duration.parse(text);
            boolean inRange =
                    !text.startsWith("PT") || (length.compareTo(SHORTEST) >= 0 && length.compareTo(LONGEST) <= 0);
            return inRange ? new Window(text, length) : null;
        } catch (DateTimeParseException e) {
            return null;
        }
    }

    public static boolean isValid(String text) {
        return parse(text) != null;
    }

    /** Whether it begins and ends with the calendar's day or month, whenever its first use was. */
    public boolean isCalendar() {
        return text.equals(DAY) || isMonth();
    }

    /** No two months need have the same length. */
    public boolean isMonth() {
        return text.equals(MONTH);
    }

    /** When a window ends in which {@code now} lies, or that begins now. */
    public Instant end(Instant now) {
        if (!isCalendar()) {
            return now.plus(length);
        }
        LocalDate day = LocalDate.ofInstant(now, ZoneOffset.UTC);
        LocalDate next = isMonth() ? day.withDayOfMonth(1).plusMonths(1) : day.plusDays(1);
        return next.atStartOfDay(ZoneOffset.UTC).toInstant();
    }
}
