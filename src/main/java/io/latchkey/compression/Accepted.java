package io.latchkey.compression;

import jakarta.servlet.http.HttpServletRequest;
import java.util.Enumeration;
import org.jspecify.annotations.Nullable;

/** What a caller accepts, as weights from 0 to 1000 (RFC 9110, 12.5.3). */
record Accepted(int brotli, int gzip, int identity) {
    /** Of a caller that says nothing: it may be an old one. */
    static final Accepted NOTHING = new Accepted(0, 0, 1);

    private static final int UNSAID = -1;

    static Accepted of(HttpServletRequest request) {
        Enumeration<String> fields = request.getHeaders("Accept-Encoding");
        if (!fields.hasMoreElements()) {
            return NOTHING;
        }
        int brotli = UNSAID;
        int gzip = UNSAID;
        int identity = UNSAID;
        int others = UNSAID;
        while (fields.hasMoreElements()) {
            String field = fields.nextElement();
            for (int start = 0; start < field.length(); ) {
                int comma = field.indexOf(',', start);
                int end = comma < 0 ? field.length() : comma;
                // Not beyond this part: what is looked for in the rest each time makes a long field quadratic.
                int semicolon = field.indexOf(';', start, end);
                int nameEnd = semicolon < 0 ? end : semicolon;
                int weight = nameEnd == end ? 1000 : weight(field.substring(nameEnd + 1, end));
                if (is(field, start, nameEnd, "br")) {
                    brotli = weight;
                } else if (is(field, start, nameEnd, "gzip") || is(field, start, nameEnd, "x-gzip")) {
                    gzip = weight;
                } else if (is(field, start, nameEnd, "identity")) {
                    identity = weight;
                } else if (is(field, start, nameEnd, "*")) {
                    others = weight;
                }
                start = end + 1;
            }
        }
        return new Accepted(
                said(brotli, others, 0), said(gzip, others, 0), said(identity, others == 0 ? 0 : UNSAID, 1));
    }

    /** The coding that the caller likes best, null when that is none of ours; of equals Brotli if it pays. */
    @Nullable
    Coding best(boolean brotliPays) {
        int most = Math.max(brotli, gzip);
        if (most == 0 || most < identity) {
            return null;
        }
        return brotli > gzip || (brotli == gzip && brotliPays) ? Coding.BROTLI : Coding.GZIP;
    }

    /** The same for one that does not mention Brotli. */
    Accepted withoutBrotli() {
        return brotli == 0 ? this : new Accepted(0, gzip, identity);
    }

    private static int said(int weight, int others, int otherwise) {
        return weight != UNSAID ? weight : others != UNSAID ? others : otherwise;
    }

    private static boolean is(String field, int start, int end, String name) {
        int from = start;
        int to = end;
        while (from < to && isBlank(field.charAt(from))) {
            from++;
        }
        while (to > from && isBlank(field.charAt(to - 1))) {
            to--;
        }
        return to - from == name.length() && field.regionMatches(/* ignoreCase= */ true, from, name, 0, name.length());
    }

    private static boolean isBlank(char c) {
        return c == ' ' || c == '\t';
    }

    /** Of {@code q=0.5}; what is no weight is a refusal, for nobody knows what it meant. */
    private static int weight(String parameter) {
        String text = parameter.strip();
        if (text.length() < 3 || !text.regionMatches(/* ignoreCase= */ true, 0, "q=", 0, 2)) {
            return 0;
        }
        try {
            double weight = Double.parseDouble(text.substring(2).strip());
            return weight >= 0 && weight <= 1 ? (int) Math.round(weight * 1000) : 0;
        } catch (NumberFormatException e) {
            return 0;
        }
    }
}
