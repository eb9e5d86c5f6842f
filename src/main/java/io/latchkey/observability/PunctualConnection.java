package io.latchkey.observability;

import java.util.concurrent.TimeoutException;
import org.eclipse.jetty.http.HttpException;
import org.eclipse.jetty.http.HttpParser;
import org.eclipse.jetty.http.HttpStatus;
import org.eclipse.jetty.io.Connection;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.server.Connector;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.internal.HttpConnection;
import org.eclipse.jetty.util.NanoTime;

/** A connection that answers 408 when it gives up waiting for a header that had begun; Jetty's hangs up silently. */
final class PunctualConnection extends HttpConnection {
    private PunctualConnection(HttpConfiguration configuration, Connector connector, EndPoint endPoint) {
        super(configuration, connector, endPoint);
    }

    boolean headerOverdue(long limitNanos) {
        return inHeader() && NanoTime.since(getParser().getBeginNanoTime()) > limitNanos;
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
