package io.latchkey.compression;

import java.io.IOException;
import java.io.OutputStream;

/** One compressed stream in the making; it writes to {@code out} as much as is ready. */
sealed interface Encoder extends AutoCloseable permits BrotliEncoder, GzipEncoder {
    Coding coding();

    void encode(byte[] bytes, int offset, int length, OutputStream out) throws IOException;

    /** Everything encoded so far can be decoded from what has been written. */
    void flush(OutputStream out) throws IOException;

    /** Writes the proper end. */
    void finish(OutputStream out) throws IOException;

    /** Gives back what it holds; without {@link #finish} the stream stays visibly incomplete. */
    @Override
    void close();
}
