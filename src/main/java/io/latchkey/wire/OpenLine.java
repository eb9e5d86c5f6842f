package io.latchkey.wire;

import java.io.IOException;

/** A connection that speaks another protocol now: bytes both ways, of which nothing is known. */
public final class OpenLine {
    private final Transport transport;
    private final Inflow in;

    OpenLine(Transport transport, Inflow in) {
        this.transport = transport;
        this.in = in;
    }

    /** At least one byte, or -1 at the end. */
    public int read(byte[] into) throws IOException {
        if (!in.await()) {
            return -1;
        }
        int count = Math.min(into.length, in.available());
        System.arraycopy(in.bytes(), in.from(), into, 0, count);
        in.take(count);
        return count;
    }

    public void write(byte[] from, int length) throws IOException {
        transport.write(from, 0, length);
    }
}
