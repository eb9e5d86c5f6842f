package io.latchkey.observability;

import java.io.IOException;
import java.util.concurrent.TimeUnit;
import org.eclipse.jetty.http.HttpException;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.HttpStatus;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.util.NanoTime;
import org.jspecify.annotations.Nullable;

/**
 * Ends the reading of a body that trickles in. Jetty's own handler for this has no grace, so that it also cuts a body
 * whose few bytes pause once; its {@code minRequestDataRate} is no longer read.
 */
final class SlowBody extends Handler.Wrapper {
    private static final long GRACE_NANOS = TimeUnit.SECONDS.toNanos(10);

    private final long bytesPerSecond;

    SlowBody(long bytesPerSecond) {
        this.bytesPerSecond = bytesPerSecond;
    }

    @Override
    public boolean handle(Request request, Response response, Callback callback) throws Exception {
        boolean body = request.getLength() > 0 || request.getHeaders().contains(HttpHeader.TRANSFER_ENCODING);
        return super.handle(body ? new Timed(request, bytesPerSecond) : request, response, callback);
    }

    static boolean tooSlow(long bytes, long nanos, long bytesPerSecond) {
        return nanos > GRACE_NANOS && bytes < bytesPerSecond * TimeUnit.NANOSECONDS.toSeconds(nanos);
    }

    private static final class Timed extends Request.Wrapper {
        private final long bytesPerSecond;
        private long waitedSince;
        private Content.@Nullable Chunk failure;

        Timed(Request request, long bytesPerSecond) {
            super(request);
            this.bytesPerSecond = bytesPerSecond;
        }

        @Override
        public void demand(Runnable demandCallback) {
            if (waitedSince == 0) {
                waitedSince = NanoTime.now() | 1;
            } else if (tooSlow(Request.getContentBytesRead(this), NanoTime.since(waitedSince), bytesPerSecond)) {
                failure = Content.Chunk.from(new TooSlow());
                demandCallback.run();
                return;
            }
            super.demand(demandCallback);
        }

        @Override
        public Content.Chunk read() {
            return failure == null ? super.read() : failure;
        }
    }

    private static final class TooSlow extends IOException implements HttpException {
        TooSlow() {
            super("The request body came too slowly");
        }

        @Override
        public int getCode() {
            return HttpStatus.REQUEST_TIMEOUT_408;
        }

        @Override
        public String getReason() {
            return "The request body came too slowly";
        }
    }
}
