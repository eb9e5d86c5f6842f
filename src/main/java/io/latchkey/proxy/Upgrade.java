package io.latchkey.proxy;

import io.latchkey.wire.Answer;
import io.latchkey.wire.Connection;
import io.latchkey.wire.OpenLine;
import io.latchkey.wire.WireFailure;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.locks.ReentrantLock;
import org.eclipse.jetty.ee11.servlet.ServletContextRequest;
import org.eclipse.jetty.io.AbstractConnection;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.server.HttpStream;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.util.Blocker;
import org.eclipse.jetty.util.BufferUtil;
import org.jspecify.annotations.Nullable;

/**
 * A caller's connection that was upgraded to WebSocket: bytes both ways until either side ends. It outlives its
 * request.
 */
final class Upgrade extends AbstractConnection implements org.eclipse.jetty.io.Connection.UpgradeTo {
    private static final String PROTOCOL = "websocket";
    private static final int BUFFER_BYTES = 16 * 1024;

    private final Connection upstream;
    private final OpenLine line;
    private final ReentrantLock ending = new ReentrantLock();
    private final byte[] fromCaller = new byte[BUFFER_BYTES];
    private @Nullable ByteBuffer early;

    private Upgrade(EndPoint caller, Request request, Connection upstream) throws WireFailure {
        super(caller, request.getConnectionMetaData().getConnector().getExecutor());
        this.upstream = upstream;
        this.line = upstream.openLine();
    }

    /** Whether the caller asks for the one protocol that is let through; h2c would be a tunnel past every check. */
    static boolean isAskedFor(HttpServletRequest request) {
        String protocol = request.getHeader("Upgrade");
        return protocol != null
                && protocol.strip().equalsIgnoreCase(PROTOCOL)
                && request.getMethod().equals("GET")
                && HopHeaders.named(request.getHeaders("Connection")).contains("upgrade");
    }

    static boolean isGranted(Answer answer) {
        return answer.fields().stream()
                .anyMatch(field ->
                        field.name().lower().equals("upgrade") && field.value().equalsIgnoreCase(PROTOCOL));
    }

    /** Answers 101 and takes over the upstream's connection, which is closed with the caller's. */
    static void begin(Answer answer, Connection upstream, HttpServletRequest incoming, HttpServletResponse response)
            throws WireFailure {
        AnswerHead.copy(answer, response);
        response.setHeader("Connection", "Upgrade");
        response.setHeader("Upgrade", PROTOCOL);
        Request request = Request.unWrap(ServletContextRequest.getServletContextRequest(incoming));
        EndPoint caller = request.getConnectionMetaData().getConnection().getEndPoint();
        Upgrade upgrade = new Upgrade(caller, request, upstream);
        request.setAttribute(HttpStream.UPGRADE_CONNECTION_ATTRIBUTE, upgrade);
        // An answer that did not go out upgrades nothing, and nobody else would give the connection back.
        Request.addCompletionListener(request, failure -> {
            if (failure != null || !caller.isOpen()) {
                upgrade.release();
            }
        });
    }

    @Override
    public void onUpgradeTo(ByteBuffer received) {
        early = received;
    }

    @Override
    public void onOpen() {
        super.onOpen();
        Thread.ofVirtual().start(this::passFromUpstream);
        getExecutor().execute(this::onFillable);
    }

    @Override
    public void onFillable() {
        try {
            ByteBuffer received = early;
            early = null;
            if (received != null) {
                toUpstream(received);
            }
            ByteBuffer buffer = BufferUtil.toBuffer(fromCaller);
            for (int read = fill(buffer); read != 0; read = fill(buffer)) {
                if (read < 0) {
                    end();
                    return;
                }
                toUpstream(buffer);
            }
            fillInterested();
        } catch (IOException e) {
            end();
        }
    }

    private int fill(ByteBuffer buffer) throws IOException {
        BufferUtil.clear(buffer);
        return getEndPoint().fill(buffer);
    }

    private void toUpstream(ByteBuffer buffer) throws IOException {
        byte[] bytes = BufferUtil.toArray(buffer);
        line.write(bytes, bytes.length);
    }

    private void passFromUpstream() {
        byte[] buffer = new byte[BUFFER_BYTES];
        try {
            for (int read = line.read(buffer); read >= 0; read = line.read(buffer)) {
                try (Blocker.Callback written = Blocker.callback()) {
                    getEndPoint().write(written, ByteBuffer.wrap(buffer, 0, read));
                    written.block();
                }
            }
            getEndPoint().shutdownOutput();
        } catch (IOException e) {
            // Either side has ended it; the other one is told by the end of its connection.
        } finally {
            end();
        }
    }

    private void end() {
        getEndPoint().close();
        release();
    }

    @Override
    public void onClose(@Nullable Throwable cause) {
        super.onClose(cause);
        release();
    }

    private void release() {
        // Both directions may end at once.
        ending.lock();
        try {
            upstream.close();
        } finally {
            ending.unlock();
        }
    }
}
