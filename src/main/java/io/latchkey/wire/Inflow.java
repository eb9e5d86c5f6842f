package io.latchkey.wire;

import java.io.IOException;
import java.nio.charset.StandardCharsets;

/** What has arrived from an upstream and was not taken yet. */
final class Inflow {
    static final int BUFFER_BYTES = 32 * 1024;

    private final Line line;
    private final byte[] bytes = new byte[BUFFER_BYTES];
    private int from;
    private int to;

    /** Where the bytes come from. */
    interface Line {
        /** At least one byte, or -1 at the end. */
        int read(byte[] into, int offset, int length) throws IOException;
    }

    Inflow(Line line) {
        this.line = line;
    }

    byte[] bytes() {
        return bytes;
    }

    int from() {
        return from;
    }

    int available() {
        return to - from;
    }

    void take(int count) {
        from += count;
    }

    /** Waits until something is there; false at the end of the connection. */
    boolean await() throws IOException {
        return from < to || fill();
    }

    /** Reads more behind what is there; false at the end of the connection. */
    private boolean fill() throws IOException {
        if (from == to) {
            from = 0;
            to = 0;
        } else if (to == bytes.length) {
            System.arraycopy(bytes, from, bytes, 0, to - from);
            to -= from;
            from = 0;
        }
        int read = line.read(bytes, to, bytes.length - to);
        if (read < 0) {
            return false;
        }
        to += read;
        return true;
    }

    /** Waits for a whole line and gives its length without its end; the line begins at {@link #from}. */
    int awaitLine(int longest) throws IOException {
        int seen = 0;
        while (true) {
            for (; seen < available() && seen <= longest; seen++) {
                if (bytes[from + seen] == '\n') {
                    return seen > 0 && bytes[from + seen - 1] == '\r' ? seen - 1 : seen;
                }
            }
            if (seen > longest) {
                throw new IOException("a line is too long");
            }
            if (!fill()) {
                throw new IOException("the connection ended in the middle");
            }
        }
    }

    /** Takes the line that {@link #awaitLine} found. */
    void takeLine(int length) {
        from += length + (bytes[from + length] == '\r' ? 2 : 1);
    }

    String text(int offset, int length) {
        return new String(bytes, offset, length, StandardCharsets.ISO_8859_1);
    }
}
