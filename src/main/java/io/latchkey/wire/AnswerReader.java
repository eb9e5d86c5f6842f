package io.latchkey.wire;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** Reads the heads of answers, of bounded size, and tolerates nothing that could be read in two ways. */
final class AnswerReader {
    private static final int MOST_FIELDS = 200;
    private static final int MOST_BYTES = 64 * 1024;
    private static final int LONGEST_LINE = Inflow.BUFFER_BYTES - 2;

    private final Inflow in;

    AnswerReader(Inflow in) {
        this.in = in;
    }

    Answer read() throws IOException {
        int length = in.awaitLine(LONGEST_LINE);
        Answer answer = statusLine(in.bytes(), in.from(), length);
        in.takeLine(length);
        readFields(length, answer::add);
        return answer;
    }

    /** What becomes of a header line; the problem with it, or null. */
    interface Sink {
        @Nullable
        String add(HeaderName name, String value);
    }

    /** Reads header or trailer lines up to and with the empty one. */
    void readFields(int bytesBefore, Sink sink) throws IOException {
        int total = bytesBefore;
        for (int count = 0; ; count++) {
            int length = in.awaitLine(LONGEST_LINE);
            if (length == 0) {
                in.takeLine(0);
                return;
            }
            total += length;
            if (count == MOST_FIELDS || total > MOST_BYTES) {
                throw new IOException("the head of the answer is too large");
            }
            field(in.bytes(), in.from(), in.from() + length, sink);
            in.takeLine(length);
        }
    }

    private void field(byte[] bytes, int start, int end, Sink sink) throws IOException {
        int colon = start;
        while (colon < end && bytes[colon] != ':') {
            colon++;
        }
        HeaderName name = colon == end ? null : HeaderName.of(bytes, start, colon);
        if (name == null) {
            // Also where a line is the continuation of the one before.
            throw new IOException("a header line has no name");
        }
        int from = colon + 1;
        int to = end;
        while (from < to && isBlank(bytes[from])) {
            from++;
        }
        while (to > from && isBlank(bytes[to - 1])) {
            to--;
        }
        for (int i = from; i < to; i++) {
            byte b = bytes[i];
            if ((b >= 0 && b < ' ' && b != '\t') || b == 0x7f) {
                throw new IOException("a header value holds a control character");
            }
        }
        String problem = sink.add(name, in.text(from, to - from));
        if (problem != null) {
            throw new IOException(problem);
        }
    }

    private static boolean isBlank(byte b) {
        return b == ' ' || b == '\t';
    }

    private static Answer statusLine(byte[] bytes, int start, int length) throws IOException {
        boolean shaped = length >= 12
                && startsWith(bytes, start, "HTTP/1.")
                && (bytes[start + 7] == '0' || bytes[start + 7] == '1')
                && bytes[start + 8] == ' '
                && (length == 12 || bytes[start + 12] == ' ');
        int status = 0;
        for (int i = 9; shaped && i < 12; i++) {
            int digit = bytes[start + i] - '0';
            shaped = digit >= 0 && digit <= 9;
            status = status * 10 + digit;
        }
        if (!shaped || status < 100 || status > 599) {
            throw new IOException("the answer does not begin as an answer of HTTP/1.1");
        }
        return new Answer(status, bytes[start + 7] == '1');
    }

    private static boolean startsWith(byte[] bytes, int start, String prefix) {
        for (int i = 0; i < prefix.length(); i++) {
            if (bytes[start + i] != prefix.charAt(i)) {
                return false;
            }
        }
        return true;
    }
}
