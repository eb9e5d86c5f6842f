package io.latchkey.observability;

import org.jspecify.annotations.Nullable;

/** Text from a stranger, made fit for a log line: short, and without a character that acts on a terminal or a parser. */
final class LogText {
    private LogText() {}

    static @Nullable String of(@Nullable String text, int maxLength) {
        if (text == null) {
            return null;
        }
        int end = Math.min(text.length(), maxLength);
        for (int i = 0; i < end; i++) {
            if (acts(text.charAt(i))) {
                return escaped(text, end);
            }
        }
        return text.substring(0, end);
    }

    private static String escaped(String text, int end) {
        StringBuilder safe = new StringBuilder(end + 16);
        for (int i = 0; i < end; i++) {
            char c = text.charAt(i);
            if (acts(c)) {
                safe.append("\\u").append(String.format("%04x", (int) c));
            } else {
                safe.append(c);
            }
        }
        return safe.toString();
    }

    // Surrogates too: a cap may cut a pair in two, and a lone one is no valid UTF-8.
    private static boolean acts(char c) {
        return switch (Character.getType(c)) {
            case Character.CONTROL,
                    Character.FORMAT,
                    Character.SURROGATE,
                    Character.PRIVATE_USE,
                    Character.UNASSIGNED,
                    Character.LINE_SEPARATOR,
                    Character.PARAGRAPH_SEPARATOR -> true;
            default -> false;
        };
    }
}
