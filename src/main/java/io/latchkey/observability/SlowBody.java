package io.latchkey.observability;

import java.io.IOException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
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

    /** A request of which it is known how long its body was waited for; the upstream's own time does not count. */
    static final class Timed extends Request.Wrapper {
        private final long bytesPerSecond;
        private volatile long waitingSince;
        private final AtomicLong waitedNanos = new AtomicLong();
        private volatile Content.@Nullable Chunk failure;

        private Timed(Request request, long bytesPerSecond) {
            super(request);
            this.bytesPerSecond = bytesPerSecond;
        }

        @Override
        public void demand(Runnable demandCallback) {
            if (waitedNanos.get() == 0
                    && getConnectionMetaData().getConnection() instanceof PunctualConnection connection) {
                connection.waitsFor(this);
            }
            long since = NanoTime.now() | 1;
            waitingSince = since;
            super.demand(() -> {
                waitingSince = 0;
                waitedNanos.addAndGet(NanoTime.since(since));
                demandCallback.run();
            });
        }

        /** Whether it is waited for in vain; from then on reading it fails. */
        boolean isGivenUp() {
            long since = waitingSince;
            if (since == 0
                    || !tooSlow(
                            Request.getContentBytesRead(this),
                            waitedNanos.get() + NanoTime.since(since),
                            bytesPerSecond)) {
                return false;
            }
            failure = Content.Chunk.from(new TooSlow());
            return true;
        }

        @Override
        public Content.Chunk read() {
            Content.Chunk failed = failure;
            return failed == null ? super.read() : failed;
        }
    }

    private static final class TooSlow extends IOException implements HttpException {
        TooSlow() {
            super("The request body came too slowly", new TimeoutException());
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
