package io.latchkey.proxy;

import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import org.apache.hc.core5.http.HttpEntity;

/** The upstream's body on its way through: each piece leaves before the next is waited for. */
final class AnswerBody {
    private static final int BUFFER_BYTES = 16 * 1024;

    /** What stands between two chunks that came at once; more than that and the next read does not block. */
    private static final int LAST_CHUNK_BYTES = 7;

    private AnswerBody() {}

    /** Refused when the upstream fails, an {@link IOException} when the caller is gone. */
    static void copy(Answer answer, HttpServletResponse response, Exchange exchange) throws IOException {
        HttpEntity entity = answer.getEntity();
        if (entity == null) {
            if (!response.containsHeader("Content-Length")) {
                // Left to itself the container would say that the length is zero, which nobody claimed.
                pass(response::flushBuffer, exchange);
            }
            exchange.answerIsComplete(answer);
            return;
        }
        long left = entity.getContentLength() >= 0 ? entity.getContentLength() : Long.MAX_VALUE;
        int pending = entity.isChunked() ? LAST_CHUNK_BYTES : 1;
        byte[] buffer = new byte[(int) Math.min(Math.max(left, 1), BUFFER_BYTES)];
        InputStream from = entity.getContent();
        OutputStream to = response.getOutputStream();
        if (left > 0 && answer.bufferedBytes() == 0) {
            pass(response::flushBuffer, exchange);
        }
        for (int read = read(from, buffer, response, exchange);
                read >= 0;
                read = read(from, buffer, response, exchange)) {
            int length = read;
            left -= length;
            if (left == 0) {
                // Not later: a slow caller must not hold the connection, nor a fast one find it still taken.
                exchange.answerIsComplete(answer);
            }
            boolean nothingReady = left > 0 && answer.bufferedBytes() < pending;
            pass(
                    () -> {
                        to.write(buffer, 0, length);
                        if (nothingReady) {
                            to.flush();
                        }
                    },
                    exchange);
        }
        exchange.answerIsComplete(answer);
    }

    private static int read(InputStream from, byte[] buffer, HttpServletResponse response, Exchange exchange)
            throws IOException {
        try {
            return from.read(buffer);
        } catch (IOException e) {
            var refused = exchange.upstreamFailed(e);
            // A problem in place of half an answer would carry the answer's headers; committed, it will be cut.
            response.flushBuffer();
            throw refused;
        }
    }

    private static void pass(Write write, Exchange exchange) throws IOException {
        exchange.waitingForCaller(true);
        try {
            write.run();
        } catch (IOException e) {
            throw exchange.callerFailed(e);
        }
        exchange.waitingForCaller(false);
    }

    private interface Write {
        void run() throws IOException;
    }
}
