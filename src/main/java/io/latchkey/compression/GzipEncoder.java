package io.latchkey.compression;

import java.io.IOException;
import java.io.OutputStream;
import java.util.zip.CRC32;
import java.util.zip.Deflater;

/** A gzip stream (RFC 1952) that can be used again for the next answer. */
final class GzipEncoder implements Encoder {
    private static final int LEVEL = 6;
    private static final byte[] HEADER = {0x1f, (byte) 0x8b, 8, 0, 0, 0, 0, 0, 0, (byte) 0xff};

    private final Deflater deflater = new Deflater(LEVEL, /* nowrap= */ true);
    private final CRC32 checksum = new CRC32();
    private final byte[] buffer = new byte[8 * 1024];
    private final Encoders home;
    private boolean begun;

    GzipEncoder(Encoders home) {
        this.home = home;
    }

    @Override
    public Coding coding() {
        return Coding.GZIP;
    }

    @Override
    public void encode(byte[] bytes, int offset, int length, OutputStream out) throws IOException {
        begin(out);
        checksum.update(bytes, offset, length);
        deflater.setInput(bytes, offset, length);
        while (!deflater.needsInput()) {
            write(Deflater.NO_FLUSH, out);
        }
    }

    @Override
    public void flush(OutputStream out) throws IOException {
        if (begun) {
            while (write(Deflater.SYNC_FLUSH, out) == buffer.length) {}
        }
    }

    @Override
    public void finish(OutputStream out) throws IOException {
        begin(out);
        deflater.finish();
        while (!deflater.finished()) {
            write(Deflater.NO_FLUSH, out);
        }
        byte[] trailer = new byte[8];
        littleEndian((int) checksum.getValue(), trailer, 0);
        littleEndian((int) deflater.getBytesRead(), trailer, 4);
        out.write(trailer);
    }

    private void begin(OutputStream out) throws IOException {
        if (!begun) {
            begun = true;
            out.write(HEADER);
        }
    }

    private int write(int mode, OutputStream out) throws IOException {
        int length = deflater.deflate(buffer, 0, buffer.length, mode);
        out.write(buffer, 0, length);
        return length;
    }

    private static void littleEndian(int value, byte[] into, int offset) {
        for (int i = 0; i < 4; i++) {
            into[offset + i] = (byte) (value >> (8 * i));
        }
    }

    @Override
    public void close() {
        deflater.reset();
        checksum.reset();
        begun = false;
        home.takeBack(this);
    }

    /** Frees the memory outside the heap, when it is not used again. */
    void end() {
        deflater.end();
    }
}
