package io.latchkey.cache;

import jakarta.servlet.ReadListener;
import jakarta.servlet.ServletInputStream;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletRequestWrapper;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * A request whose body was read, as far as it may be kept, and will be read again by the proxy.
 *
 * <p>What went wrong while reading goes wrong again there: who answers a broken body is not the cache.
 */
final class BodyDigest extends HttpServletRequestWrapper {
    private static final int BUFFER_BYTES = 16 * 1024;

    private final byte[] read;
    private final boolean whole;
    private final @Nullable IOException broken;
    private @Nullable ServletInputStream again;

    private BodyDigest(HttpServletRequest request, byte[] read, boolean whole, @Nullable IOException broken) {
        super(request);
        this.read = read;
        this.whole = whole;
        this.broken = broken;
    }

    /** Null, with nothing read, for a body that is too long by its own word. */
    static @Nullable BodyDigest of(HttpServletRequest request, Buffers.@Nullable Recording recording) {
        if (recording == null) {
            return null;
        }
        byte[] buffer = new byte[BUFFER_BYTES];
        try {
            InputStream body = request.getInputStream();
            for (int count = body.read(buffer); count >= 0; count = body.read(buffer)) {
                if (!recording.add(buffer, 0, count)) {
                    return new BodyDigest(request, joined(recording.soFar(), buffer, count), false, null);
                }
            }
            return new BodyDigest(request, recording.soFar(), true, null);
        } catch (IOException e) {
            return new BodyDigest(request, recording.soFar(), false, e);
        }
    }

    private static byte[] joined(byte[] first, byte[] buffer, int count) {
        byte[] all = Arrays.copyOf(first, first.length + count);
        System.arraycopy(buffer, 0, all, first.length, count);
        return all;
    }

    /** The same request with its body not read yet, for who asks once more. */
    BodyDigest anew() {
        return new BodyDigest((HttpServletRequest) getRequest(), read, whole, broken);
    }

    /** The variant of a place; null when not all of the body is known. */
    @Nullable
    String variant() {
        return whole ? "body:" + Place.digest(read, header("Content-Type"), header("Content-Encoding")) : null;
    }

    private String header(String name) {
        String value = getHeader(name);
        return value == null ? "" : value;
    }

    @Override
    public ServletInputStream getInputStream() {
        ServletInputStream open = again;
        if (open == null) {
            open = new Again();
            again = open;
        }
        return open;
    }

    /** What was read, then the rest. */
    private final class Again extends ServletInputStream {
        private int at;
        private boolean ended;

        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
        }

        @Override
        public int read(byte[] to, int offset, int length) throws IOException {
            if (at < read.length) {
                int count = Math.min(length, read.length - at);
                System.arraycopy(read, at, to, offset, count);
                at += count;
                return count;
            }
            if (broken != null) {
                throw broken;
            }
            int count = whole ? -1 : getRequest().getInputStream().read(to, offset, length);
            ended |= count < 0;
            return count;
        }

        @Override
        public boolean isFinished() {
            return ended || (whole && at == read.length);
        }

        @Override
        public boolean isReady() {
            return true;
        }

        @Override
        public void setReadListener(ReadListener listener) {
            throw new IllegalStateException("bodies are read by the thread that waits for them");
        }
    }
}
