package io.latchkey.observability;

import java.nio.ByteBuffer;
import java.util.concurrent.TimeoutException;
import org.eclipse.jetty.http.HttpException;
import org.eclipse.jetty.http.HttpGenerator;
import org.eclipse.jetty.http.HttpParser;
import org.eclipse.jetty.http.HttpStatus;
import org.eclipse.jetty.http.HttpVersion;
import org.eclipse.jetty.http.MetaData;
import org.eclipse.jetty.io.Connection;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.server.Connector;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.internal.HttpConnection;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.util.NanoTime;
import org.jspecify.annotations.Nullable;

/**
 * A connection that answers 408 when it gives up waiting for a header that had begun, knows how long a write takes, and
 * tells its caller of a stop.
 */
final class PunctualConnection extends HttpConnection {
    private long blockedAt = -1;
    private long blockedSince;
    private volatile SlowBody.@Nullable Timed awaited;

    private PunctualConnection(HttpConfiguration configuration, Connector connector, EndPoint endPoint) {
        super(configuration, connector, endPoint);
    }

    boolean headerOverdue(long limitNanos) {
        return inHeader() && NanoTime.since(getParser().getBeginNanoTime()) > limitNanos;
    }

    /**
     * Whether one and the same write has been blocked for longer than that; asked by one thread, again and again.
     *
     * <p>Bytes count when their write begins, so within one write nothing is counted.
     */
    boolean writeOverdue(boolean blocked, long limitNanos) {
        long bytes = getBytesOut();
        if (!blocked || bytes != blockedAt) {
            blockedAt = bytes;
            blockedSince = NanoTime.now();
            return false;
        }
        return NanoTime.since(blockedSince) > limitNanos;
    }

    /** Whether half an answer is out whose end only the end of the connection tells. */
    boolean wouldLookWhole() {
        HttpGenerator answer = getGenerator();
        return answer.isCommitted() && !answer.isEnd() && !answer.isPersistent() && !answer.isChunking();
    }

    /** The body of the request that is being read. */
    void waitsFor(SlowBody.Timed body) {
        awaited = body;
    }

    /** Ends the request whose body trickles in. Its next byte may be a minute away, or never be the last one. */
    void endSlowBody() {
        SlowBody.Timed body = awaited;
        if (body == null || !Request.unWrap(body).equals(getHttpChannel().getRequest())) {
            return;
        }
        // Once the answer has begun the caller may be listening, and has said all that it had to say for now.
        if (!getGenerator().isCommitted() && body.isGivenUp()) {
            boolean unused = onIdleExpired(new TimeoutException("the request body came too slowly"));
        }
    }

    @Override
    protected HttpStreamOverHTTP1 newHttpStream(String method, String uri, HttpVersion version) {
        return new HttpStreamOverHTTP1(method, uri, version) {
            // With the head of an answer the caller is told that this connection ends, once the gateway stops.
            @Override
            public void send(
                    MetaData.Request request,
                    MetaData.@Nullable Response response,
                    boolean last,
                    @Nullable ByteBuffer content,
                    Callback callback) {
                if (response != null && getConnector() instanceof CallerConnector door && door.isClosing()) {
                    getGenerator().setPersistent(false);
                }
                super.send(request, response, last, content, callback);
            }
        };
    }

    private boolean inHeader() {
        return getParser().inHeaderState() && !getParser().isStart();
    }

    @Override
    public void onFillInterestedFailed(Throwable cause) {
        if (cause instanceof TimeoutException
                && inHeader()
                && getParser().getHandler() instanceof HttpParser.RequestHandler channel) {
            getParser().close();
            channel.badMessage(new HttpException.RuntimeException(HttpStatus.REQUEST_TIMEOUT_408));
            return;
        }
        super.onFillInterestedFailed(cause);
    }

    /** Makes them; the rest is Jetty's. */
    static final class Factory extends HttpConnectionFactory {
        Factory(HttpConfiguration configuration) {
            super(configuration);
        }

        @Override
        public Connection newConnection(Connector connector, EndPoint endPoint) {
            return configure(new PunctualConnection(getHttpConfiguration(), connector, endPoint), connector, endPoint);
        }
    }
}
