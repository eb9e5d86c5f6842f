package io.latchkey.wire;

import java.io.IOException;
import java.time.Duration;

/** A connection that speaks another protocol now: bytes both ways, of which nothing is known. */
public final class OpenLine {
    private final Connection connection;
    private final Transport transport;
    private final Inflow in;

    OpenLine(Connection connection, Transport transport, Inflow in) {
        this.connection = connection;
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

    /** Resets the connection when the other side has not taken it within {@code patience}; for one thread at a time. */
    public void write(byte[] from, int length, Duration patience) throws IOException {
        connection.endAt(System.nanoTime() + patience.toNanos());
        transport.write(from, 0, length);
        connection.endAt(never());
    }

    /** What was sent shall still arrive: the connection ends with a proper end in place of an abort. */
    public void endsProperly() {
        connection.endsProperly();
    }

    /** In terms of {@link System#nanoTime}. */
    static long never() {
        return System.nanoTime() + Long.MAX_VALUE / 2;
    }
}
