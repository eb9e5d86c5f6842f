package io.latchkey.compression;

import com.aayushatharva.brotli4j.encoder.Encoder.Mode;
import com.aayushatharva.brotli4j.encoder.EncoderJNI.Operation;
import com.aayushatharva.brotli4j.encoder.EncoderJNI.Wrapper;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;

/** A Brotli stream (RFC 7932) through the reference encoder, whose memory lies outside the heap. */
final class BrotliEncoder implements Encoder {
    private static final int BUFFER_BYTES = 16 * 1024;

    /** 256 KiB to look back: a larger window takes more memory and gains nothing for answers of usual size. */
    private static final int LOG_WINDOW = 18;

    private final Encoders home;
    private final Wrapper encoder;
    private final byte[] buffer = new byte[BUFFER_BYTES];
    private boolean closed;

    BrotliEncoder(int quality, Encoders home) throws IOException {
        this.home = home;
        this.encoder = new Wrapper(BUFFER_BYTES, quality, LOG_WINDOW, Mode.TEXT);
    }

    @Override
    public Coding coding() {
        return Coding.BROTLI;
    }

    @Override
    public void encode(byte[] bytes, int offset, int length, OutputStream out) throws IOException {
        for (int done = 0; done < length; ) {
            int piece = Math.min(length - done, BUFFER_BYTES);
            ByteBuffer input = encoder.getInputBuffer();
            input.clear();
            input.put(bytes, offset + done, piece);
            push(Operation.PROCESS, piece, out);
            done += piece;
        }
    }

    @Override
    public void flush(OutputStream out) throws IOException {
        push(Operation.FLUSH, 0, out);
    }

    @Override
    public void finish(OutputStream out) throws IOException {
        push(Operation.FINISH, 0, out);
    }

    private void push(Operation operation, int length, OutputStream out) throws IOException {
        int input = length;
        do {
            encoder.push(operation, input);
            if (!encoder.isSuccess()) {
                throw new IllegalStateException("the Brotli encoder failed");
            }
            input = 0;
            while (encoder.hasMoreOutput()) {
                write(encoder.pull(), out);
            }
        } while (encoder.hasRemainingInput());
    }

    private void write(ByteBuffer output, OutputStream out) throws IOException {
        while (output.hasRemaining()) {
            int piece = Math.min(output.remaining(), buffer.length);
            output.get(buffer, 0, piece);
            out.write(buffer, 0, piece);
        }
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            encoder.destroy();
            home.takeBack(this);
        }
    }
}
