package io.latchkey.wire;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** The head of an upstream's answer: no two readers could disagree about where its body ends. */
public final class Answer {
    private final int status;
    private final boolean http11;
    private final List<Field> fields = new ArrayList<>(16);
    private long contentLength = -1;
    private boolean chunked;
    private @Nullable String connection;

    /** One header line; the value is without the whitespace around it. */
    public record Field(HeaderName name, String value) {}

    Answer(int status, boolean http11) {
        this.status = status;
        this.http11 = http11;
    }

    public int status() {
        return status;
    }

    /** All header lines in their order. */
    public List<Field> fields() {
        return fields;
    }

    /** What the upstream calls its own connection's headers, in lower case; empty when it names none. */
    public String connectionOptions() {
        return connection == null ? "" : connection;
    }

    /** As announced; negative when it was not, or when the end is told otherwise. */
    public long contentLength() {
        return contentLength;
    }

    public boolean isChunked() {
        return chunked;
    }

    /** Whether the upstream wants to keep the connection after this answer. */
    boolean keepsConnection() {
        if (connection == null) {
            return http11;
        }
        return !hasOption(connection, "close") && (http11 || hasOption(connection, "keep-alive"));
    }

    /** Takes a header line; the problem with it, or null. */
    @Nullable
    String add(HeaderName name, String value) {
        fields.add(new Field(name, value));
        return switch (name.lower()) {
            case "content-length" -> addLength(value);
            case "transfer-encoding" -> addCoding(value);
            case "connection" -> {
                String lower = value.toLowerCase(Locale.ROOT);
                connection = connection == null ? lower : connection + "," + lower;
                yield null;
            }
            default -> null;
        };
    }

    private @Nullable String addLength(String value) {
        if (contentLength >= 0 || chunked) {
            return "its length is told twice";
        }
        if (value.isEmpty() || value.length() > 18) {
            return "its length is no number";
        }
        long length = 0;
        for (int i = 0; i < value.length(); i++) {
            char digit = value.charAt(i);
            if (digit < '0' || digit > '9') {
                return "its length is no number";
            }
            length = length * 10 + (digit - '0');
        }
        contentLength = length;
        return null;
    }

    private @Nullable String addCoding(String value) {
        if (contentLength >= 0 || chunked) {
            return "its length is told twice";
        }
        if (!value.equalsIgnoreCase("chunked") || !http11) {
            return "it uses a transfer coding that was not asked for";
        }
        chunked = true;
        return null;
    }

    private static boolean hasOption(String options, String wanted) {
        for (int from = 0; from >= 0; ) {
            int comma = options.indexOf(',', from);
            String option = options.substring(from, comma < 0 ? options.length() : comma);
            if (option.strip().equals(wanted)) {
                return true;
            }
            from = comma < 0 ? -1 : comma + 1;
        }
        return false;
    }
}
