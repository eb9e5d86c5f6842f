package io.latchkey.compression;

import jakarta.servlet.ServletOutputStream;
import jakarta.servlet.WriteListener;
import java.io.IOException;
import java.io.OutputStream;
import org.jspecify.annotations.Nullable;

/** The body of a {@link CompressingAnswer} on its way out: as it is, or through an encoder. */
final class CompressingStream extends ServletOutputStream {
    private final CompressingAnswer answer;
    private final ServletOutputStream container;
    private @Nullable Encoder encoder;
    private @Nullable Counted counted;
    private long bytesIn;
    private boolean begun;

    CompressingStream(CompressingAnswer answer, ServletOutputStream container) {
        this.answer = answer;
        this.container = container;
    }

    private void begin() {
        if (!begun) {
            begun = true;
            encoder = answer.decide();
            counted = encoder == null ? null : new Counted(container);
        }
    }

    @Override
    public void write(int b) throws IOException {
        write(new byte[] {(byte) b}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
        begin();
        if (encoder == null || counted == null) {
            container.write(bytes, offset, length);
        } else {
            bytesIn += length;
            encoder.encode(bytes, offset, length, counted);
        }
    }

    @Override
    public void flush() throws IOException {
        begin();
        // Before the first byte there is only the head to flush; an empty block would not help anybody.
        if (encoder != null && counted != null && bytesIn > 0) {
            encoder.flush(counted);
        }
        container.flush();
    }

    void finish() throws IOException {
        if (encoder != null && counted != null) {
            encoder.finish(counted);
        }
    }

    /** What was not finished stays visibly incomplete. */
    void release(CompressionMeters meters) {
        if (encoder != null && counted != null) {
            meters.count(encoder.coding(), bytesIn, counted.bytes);
            encoder.close();
            encoder = null;
        }
    }

    @Override
    public boolean isReady() {
        return container.isReady();
    }

    @Override
    public void setWriteListener(WriteListener listener) {
        throw new IllegalStateException("this answer is written by a thread that waits");
    }

    private static final class Counted extends OutputStream {
        private final OutputStream out;
        private long bytes;

        Counted(OutputStream out) {
            this.out = out;
        }

        @Override
        public void write(int b) throws IOException {
            bytes++;
            out.write(b);
        }

        @Override
        public void write(byte[] b, int offset, int length) throws IOException {
            bytes += length;
            out.write(b, offset, length);
        }
    }
}
