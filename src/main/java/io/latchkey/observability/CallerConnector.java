package io.latchkey.observability;

import java.io.IOException;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import java.util.concurrent.locks.ReentrantLock;
import org.eclipse.jetty.io.ManagedSelector;
import org.eclipse.jetty.io.SocketChannelEndPoint;
import org.eclipse.jetty.server.ConnectionFactory;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.util.BufferUtil;
import org.eclipse.jetty.util.thread.Scheduler;

/** Accepts connections of which it can be told whether the caller is still there. */
final class CallerConnector extends ServerConnector {
    /** The system's own bound, if smaller, wins; Jetty's default of 50 turns callers away in a burst. */
    private static final int ACCEPT_QUEUE = 4096;

    CallerConnector(Server server, ServerConnector like) {
        super(server, null, null, null, -1, -1, like.getConnectionFactories().toArray(ConnectionFactory[]::new));
        setHost(like.getHost());
        setPort(like.getPort());
        setAcceptQueueSize(ACCEPT_QUEUE);
    }

    /**
     * Never, for Jetty's connections: at the end of an answer whose head was out when the stop began they would close
     * without a word, just as the caller sends its next request. They are told by {@link PunctualConnection}.
     */
    @Override
    public boolean isShutdown() {
        return false;
    }

    /** Whether nothing new is accepted any more. */
    boolean isClosing() {
        return super.isShutdown();
    }

    @Override
    protected SocketChannelEndPoint newEndPoint(SocketChannel channel, ManagedSelector selector, SelectionKey key) {
        CallerEndPoint endPoint = new CallerEndPoint(channel, selector, key, getScheduler());
        endPoint.setIdleTimeout(getIdleTimeout());
        return endPoint;
    }

    /**
     * A caller's connection. While a request is being answered nobody reads from it, so that its end would only be
     * noticed by the next write.
     */
    static final class CallerEndPoint extends SocketChannelEndPoint {
        private final ReentrantLock reading = new ReentrantLock();
        private final ByteBuffer early = ByteBuffer.allocate(1).limit(0);

        CallerEndPoint(SocketChannel channel, ManagedSelector selector, SelectionKey key, Scheduler scheduler) {
            super(channel, selector, key, scheduler);
        }

        /** Whether the caller has closed its side; what it has sent instead is kept for whoever reads next. */
        boolean isGone() {
            if (!reading.tryLock()) {
                return false;
            }
            try {
                if (early.hasRemaining()) {
                    return false;
                }
                early.clear();
                int read = getChannel().read(early);
                early.flip();
                return read < 0;
            } catch (IOException e) {
                early.limit(0);
                return true;
            } finally {
                reading.unlock();
            }
        }

        /** A caller to whom the end of the connection is the end of the answer must not meet that end before it. */
        @Override
        public void doClose() {
            if (getConnection() instanceof PunctualConnection http && http.wouldLookWhole()) {
                try {
                    getChannel().setOption(StandardSocketOptions.SO_LINGER, 0);
                } catch (IOException e) {
                    // Closed already.
                }
            }
            super.doClose();
        }

        @Override
        public int fill(ByteBuffer buffer) throws IOException {
            reading.lock();
            try {
                if (!early.hasRemaining() || BufferUtil.space(buffer) == 0) {
                    return super.fill(buffer);
                }
                int position = BufferUtil.flipToFill(buffer);
                buffer.put(early);
                BufferUtil.flipToFlush(buffer, position);
                return 1;
            } finally {
                reading.unlock();
            }
        }
    }
}
