package io.latchkey.usage;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The values that two JSON pointers lead to, found byte by byte: nothing is kept of the text but the names above the
 * place where it is read, for a parser would keep a long string whole. Of what is no JSON it finds nothing, or anything.
 */
final class PointedValues {
    private static final int DEEPEST = 64;
    private static final int LONGEST = 256;

    private final List<String> first;
    private final @Nullable List<String> second;
    /** Names and indices from the root to here. */
    private final String[] path = new String[DEEPEST];
    /** The number of the element in an array; in an object negative. */
    private final int[] index = new int[DEEPEST];

    private final byte[] text = new byte[LONGEST];
    private int depth;
    private int length;
    private boolean inString;
    private boolean escaped;
    private boolean named;
    private volatile @Nullable String firstValue;
    private volatile @Nullable String secondValue;

    PointedValues(String first, @Nullable String second) {
        this.first = segments(first);
        this.second = second == null ? null : segments(second);
    }

    private static List<String> segments(String pointer) {
        return List.of(pointer.substring(1).split("/", -1));
    }

    /** What was found stays found until it is found again. */
    void startOver() {
        depth = 0;
        length = 0;
        inString = false;
        escaped = false;
        named = false;
    }

    @Nullable
    String first() {
        return firstValue;
    }

    @Nullable
    String second() {
        return secondValue;
    }

    void read(byte b) {
        if (inString) {
            string(b);
            return;
        }
        switch (b) {
            case '"' -> {
                inString = true;
                length = 0;
            }
            case '{' -> down(-1);
            case '[' -> down(0);
            case '}', ']' -> {
                valueEnds();
                depth = Math.max(0, depth - 1);
                length = 0;
            }
            case ',' -> {
                valueEnds();
                next();
            }
            case ':' -> {
                if (depth > 0 && depth <= DEEPEST) {
                    path[depth - 1] = string();
                }
                named = true;
                length = 0;
            }
            case ' ', '\t', '\r', '\n' -> {}
            default -> keep(b);
        }
    }

    private void string(byte b) {
        if (escaped) {
            escaped = false;
            keep(b);
        } else if (b == '\\') {
            escaped = true;
        } else if (b == '"') {
            inString = false;
        } else {
            keep(b);
        }
    }

    /** What is longer than any name or number of interest is not kept, and equals nothing. */
    private void keep(byte b) {
        if (length < LONGEST) {
            text[length] = b;
        }
        length++;
    }

    private String string() {
        return length > LONGEST ? "" : new String(text, 0, length, StandardCharsets.UTF_8);
    }

    private void down(int begin) {
        depth++;
        named = begin == 0;
        length = 0;
        if (depth <= DEEPEST) {
            index[depth - 1] = begin;
            path[depth - 1] = begin == 0 ? "0" : "";
        }
    }

    private void next() {
        length = 0;
        if (depth > 0 && depth <= DEEPEST && index[depth - 1] >= 0) {
            path[depth - 1] = Integer.toString(++index[depth - 1]);
        } else {
            named = false;
        }
    }

    private void valueEnds() {
        if (named && length > 0 && depth <= DEEPEST) {
            if (isHere(first)) {
                firstValue = string();
            }
            if (second != null && isHere(second)) {
                secondValue = string();
            }
        }
    }

    private boolean isHere(List<String> pointer) {
        return pointer.size() == depth && Arrays.equals(path, 0, depth, pointer.toArray(String[]::new), 0, depth);
    }
}
