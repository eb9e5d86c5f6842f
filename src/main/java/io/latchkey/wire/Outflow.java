package io.latchkey.wire;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** What is on its way to an upstream; small things leave together. */
final class Outflow {
    private static final int BUFFER_BYTES = 16 * 1024;
    private static final byte[] CRLF = {'\r', '\n'};
    private static final byte[] COLON = {':', ' '};

    private final Line line;
    private byte[] bytes = new byte[BUFFER_BYTES];
    private int length;

    /** Where the bytes go. */
    interface Line {
        void write(byte[] from, int offset, int length) throws IOException;
    }

    Outflow(Line line) {
        this.line = line;
    }

    void begin() {
        length = 0;
        if (bytes.length > BUFFER_BYTES) {
            bytes = new byte[BUFFER_BYTES];
        }
    }

    void requestLine(String method, String basePath, String target) {
        text(method);
        put((byte) ' ');
        text(basePath);
        text(target);
        put(HTTP_11);
    }

    private static final byte[] HTTP_11 = " HTTP/1.1\r\n".getBytes(StandardCharsets.ISO_8859_1);

    void field(String name, String value) {
        text(name);
        put(COLON);
        text(value);
        put(CRLF);
    }

    void endHead() {
        put(CRLF);
    }

    void body(byte[] from, int offset, int count) throws IOException {
        if (count > bytes.length - length) {
            flush();
        }
        if (count > bytes.length) {
            line.write(from, offset, count);
        } else {
            System.arraycopy(from, offset, bytes, length, count);
            length += count;
        }
    }

    void chunk(byte[] from, int offset, int count) throws IOException {
        text(Integer.toHexString(count));
        put(CRLF);
        body(from, offset, count);
        body(CRLF, 0, 2);
    }

    void lastChunk(Iterable<? extends java.util.Map.Entry<String, String>> trailers) {
        text("0\r\n");
        trailers.forEach(trailer -> field(trailer.getKey(), trailer.getValue()));
        put(CRLF);
    }

    void flush() throws IOException {
        if (length > 0) {
            int count = length;
            length = 0;
            line.write(bytes, 0, count);
        }
    }

    private void text(String text) {
        int count = text.length();
        room(count);
        for (int i = 0; i < count; i++) {
            char c = text.charAt(i);
            if (c < ' ' ? c != '\t' && c != '\r' && c != '\n' : c == 0x7f || c > 0xff) {
                throw new IllegalArgumentException("not a character of a header");
            }
            bytes[length + i] = (byte) c;
        }
        length += count;
    }

    private void put(byte b) {
        room(1);
        bytes[length++] = b;
    }

    private void put(byte[] more) {
        room(more.length);
        System.arraycopy(more, 0, bytes, length, more.length);
        length += more.length;
    }

    private void room(int count) {
        if (count > bytes.length - length) {
            bytes = Arrays.copyOf(bytes, Math.max(bytes.length * 2, length + count));
        }
    }
}
