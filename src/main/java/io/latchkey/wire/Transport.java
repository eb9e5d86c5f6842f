package io.latchkey.wire;

import java.io.IOException;

/** The bytes of one connection; {@link #reset} may be called from any thread and ends whatever is blocked here. */
interface Transport {
    /** At least one byte, or -1 at the end. */
    int read(byte[] into, int offset, int length) throws IOException;

    void write(byte[] from, int offset, int length) throws IOException;

    /** Whether an idle connection was ended by the other side, or holds what nobody asked for. */
    boolean hasSomethingOrEnded();

    /** Closes so that the other side sees an abort. */
    void reset();

    /** Closes so that the other side sees a proper end. */
    void close();
}
