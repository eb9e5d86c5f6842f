package io.latchkey.proxy;

import jakarta.servlet.ServletInputStream;
import jakarta.servlet.http.HttpServletRequest;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import org.apache.hc.core5.http.io.entity.AbstractHttpEntity;

/** The caller's body on its way through: counted, never kept. */
final class RequestBody extends AbstractHttpEntity {
    private static final int BUFFER_BYTES = 16 * 1024;

    private final HttpServletRequest request;
    private final long length;
    private final long limit;
    private final Exchange exchange;

    RequestBody(HttpServletRequest request, long limit, Exchange exchange) {
        super((String) null, null, request.getContentLengthLong() < 0);
        this.request = request;
        this.length = request.getContentLengthLong();
        this.limit = limit;
        this.exchange = exchange;
    }

    static boolean isIn(HttpServletRequest request) {
        return request.getContentLengthLong() >= 0 || request.getHeader("Transfer-Encoding") != null;
    }

    /** Before anything is sent to the upstream: 413 for a body that says itself that it is too large. */
    static void refuseDeclaredTooLarge(HttpServletRequest request, long limit) {
        if (request.getContentLengthLong() > limit) {
            throw Failures.tooLarge(limit);
        }
    }

    @Override
    public void writeTo(OutputStream upstream) throws IOException {
        byte[] buffer = new byte[length >= 0 ? (int) Math.min(Math.max(length, 1), BUFFER_BYTES) : BUFFER_BYTES];
        long passed = 0;
        for (int read = read(buffer); read >= 0; read = read(buffer)) {
            passed += read;
            if (passed > limit) {
                throw failed(new CallerFailed(Failures.tooLarge(limit)));
            }
            upstream.write(buffer, 0, read);
            if (read < buffer.length) {
                upstream.flush();
            }
        }
        if (length >= 0 && passed != length) {
            throw failed(new CallerFailed(Failures.brokenBody(new IOException("body ended early"))));
        }
    }

    private int read(byte[] buffer) throws CallerFailed {
        exchange.waitingForCaller(true);
        try {
            ServletInputStream body = request.getInputStream();
            int read = body.read(buffer);
            exchange.waitingForCaller(false);
            return read;
        } catch (IOException | RuntimeException e) {
            throw failed(new CallerFailed(Failures.brokenBody(e)));
        }
    }

    /** The client would end the body properly on its way out; on a reset connection it cannot. */
    private CallerFailed failed(CallerFailed failure) {
        exchange.abort();
        return failure;
    }

    @Override
    public long getContentLength() {
        return length;
    }

    @Override
    public boolean isStreaming() {
        return true;
    }

    @Override
    public boolean isRepeatable() {
        return false;
    }

    @Override
    public InputStream getContent() throws IOException {
        return request.getInputStream();
    }

    @Override
    public void close() {}
}
