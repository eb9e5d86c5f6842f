package io.latchkey.proxy;

import io.latchkey.wire.Connection;
import io.latchkey.wire.TimeLimit;
import io.latchkey.wire.Wire;
import jakarta.servlet.ServletInputStream;
import jakarta.servlet.http.HttpServletRequest;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * The body of the caller's request.
 *
 * <p>A small one is read before the upstream is asked, so that a slow caller holds no upstream, and can be sent again.
 * Any other passes through piece by piece and is never kept.
 */
final class CallerBody {
    static final int BUFFER_BYTES = 16 * 1024;

    private final HttpServletRequest request;
    private final long length;
    private final long limit;
    private final boolean exists;
    private byte @Nullable [] kept;

    private CallerBody(HttpServletRequest request, long limit) {
        this.request = request;
        this.limit = limit;
        this.length = request.getContentLengthLong();
        this.exists = length >= 0 || request.getHeader("Transfer-Encoding") != null;
    }

    /** Refused with 413 when the body says itself that it is larger than the limit. */
    static CallerBody of(HttpServletRequest request, long limit) {
        CallerBody body = new CallerBody(request, limit);
        if (body.length > limit) {
            throw Failures.tooLarge(limit);
        }
        return body;
    }

    boolean exists() {
        return exists;
    }

    /** As announced; negative when it was not. */
    long length() {
        return length;
    }

    /** Whether it is sent while it is still coming, and so only once. */
    boolean passesThrough() {
        return exists && kept == null && length != 0;
    }

    /** Reads it, if it is small; refused when it does not come in time or is malformed. */
    void keepIfSmall(Wire wire, long end) {
        if (length <= 0 || length > BUFFER_BYTES) {
            return;
        }
        byte[] bytes = new byte[(int) length];
        try (TimeLimit time = wire.limit(end)) {
            int read = 0;
            try {
                read = request.getInputStream().readNBytes(bytes, 0, bytes.length);
            } catch (IOException | RuntimeException e) {
                throw time.isOver() ? Failures.callerTooSlow(e) : Failures.brokenBody(e);
            }
            if (read < bytes.length) {
                throw Failures.brokenBody(new IOException("the body ended early"));
            }
        }
        kept = bytes;
    }

    /** Sends what {@link #keepIfSmall} read. */
    void sendKept(Connection connection) throws IOException {
        if (kept != null) {
            connection.write(kept, 0, kept.length);
        }
        connection.endBody();
    }

    /** Where the pieces of the body go, and what is told of the waiting for them. */
    interface Passage {
        void waitingForCaller(boolean waiting);

        void pass(byte[] bytes, int length) throws IOException;
    }

    /** Passes the whole body on, each piece before the next is waited for. */
    void passThrough(Passage passage) throws IOException {
        byte[] buffer = new byte[BUFFER_BYTES];
        long passed = 0;
        for (int read = read(buffer, passage); read >= 0; read = read(buffer, passage)) {
            passed += read;
            if (passed > limit) {
                throw Failures.tooLarge(limit);
            }
            if (read > 0) {
                passage.pass(buffer, read);
            }
        }
        if (length >= 0 && passed != length) {
            throw Failures.brokenBody(new IOException("the body ended early"));
        }
    }

    private int read(byte[] buffer, Passage passage) {
        passage.waitingForCaller(true);
        try {
            ServletInputStream in = request.getInputStream();
            return in.read(buffer);
        } catch (IOException | RuntimeException e) {
            throw Failures.brokenBody(e);
        } finally {
            passage.waitingForCaller(false);
        }
    }

    HttpServletRequest request() {
        return request;
    }
}
