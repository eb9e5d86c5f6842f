package io.latchkey.wire;

import java.util.Locale;

/** For how long an upstream says that it keeps an idle connection. */
final class KeepAlive {
    private static final String TIMEOUT = "timeout=";
    private static final int MOST_DIGITS = 6;

    private KeepAlive() {}

    /** In seconds; {@link Integer#MAX_VALUE} when the answer does not say. */
    static int of(Answer answer) {
        for (Answer.Field field : answer.fields()) {
            if (field.name().lower().equals("keep-alive")) {
                return seconds(field.value().toLowerCase(Locale.ROOT));
            }
        }
        return Integer.MAX_VALUE;
    }

    private static int seconds(String value) {
        int start = value.indexOf(TIMEOUT);
        if (start < 0) {
            return Integer.MAX_VALUE;
        }
        int end = start + TIMEOUT.length();
        int seconds = 0;
        for (int digits = 0; digits < MOST_DIGITS && end < value.length(); digits++, end++) {
            int digit = Character.digit(value.charAt(end), 10);
            if (digit < 0) {
                break;
            }
            seconds = seconds * 10 + digit;
        }
        return seconds;
    }
}
