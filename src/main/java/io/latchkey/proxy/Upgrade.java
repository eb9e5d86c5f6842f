package io.latchkey.proxy;

import io.latchkey.wire.Answer;
import io.latchkey.wire.OpenLine;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.eclipse.jetty.ee11.servlet.ServletContextRequest;
import org.eclipse.jetty.io.AbstractConnection;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.server.HttpStream;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.util.BufferUtil;
import org.eclipse.jetty.util.Callback;
import org.jspecify.annotations.Nullable;

/**
 * A caller's connection that was upgraded to WebSocket: bytes both ways until either side ends. It outlives its
 * request.
 */
final class Upgrade extends AbstractConnection implements org.eclipse.jetty.io.Connection.UpgradeTo {
    private static final String PROTOCOL = "websocket";
    private static final int BUFFER_BYTES = 16 * 1024;

    private final OpenTunnel tunnel;
    private final Duration patience;
    private final byte[] fromCaller = new byte[BUFFER_BYTES];
    private @Nullable ByteBuffer early;

    private Upgrade(EndPoint caller, Request request, OpenTunnel tunnel) {
        super(caller, request.getConnectionMetaData().getConnector().getExecutor());
        this.tunnel = tunnel;
        // As long as a silent caller is kept.
        this.patience = Duration.ofMillis(caller.getIdleTimeout());
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

    /** Answers 101 and takes over the tunnel, which is closed with the caller's connection. */
    static void begin(Answer answer, OpenTunnel tunnel, HttpServletRequest incoming, HttpServletResponse response) {
        Request request = Request.unWrap(ServletContextRequest.getServletContextRequest(incoming));
        EndPoint caller = request.getConnectionMetaData().getConnection().getEndPoint();
        // An answer that did not go out upgrades nothing, and nobody else would give back what the tunnel holds.
        Request.addCompletionListener(request, failure -> {
            if (failure != null || !caller.isOpen()) {
                tunnel.close();
            }
        });
        AnswerHead.copy(answer, response);
        response.setHeader("Connection", "Upgrade");
        response.setHeader("Upgrade", PROTOCOL);
        request.setAttribute(HttpStream.UPGRADE_CONNECTION_ATTRIBUTE, new Upgrade(caller, request, tunnel));
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
                    tunnel.line().endsProperly();
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
        tunnel.line().write(bytes, bytes.length, patience);
    }

    private void passFromUpstream() {
        byte[] buffer = new byte[BUFFER_BYTES];
        try {
            OpenLine line = tunnel.line();
            for (int read = line.read(buffer); read >= 0; read = line.read(buffer)) {
                Callback.Completable written = new Callback.Completable();
                getEndPoint().write(written, ByteBuffer.wrap(buffer, 0, read));
                // A caller that sends is not idle, even if it reads nothing.
                written.get(patience.toMillis(), TimeUnit.MILLISECONDS);
            }
            getEndPoint().shutdownOutput();
        } catch (IOException | ExecutionException | TimeoutException e) {
            // Either side has ended it, or takes nothing; the other one is told by the end of its connection.
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            end();
        }
    }

    /** Silent for too long. */
    @Override
    public void onFillInterestedFailed(Throwable cause) {
        end();
    }

    private void end() {
        getEndPoint().close();
        tunnel.close();
    }

    @Override
    public void onClose(@Nullable Throwable cause) {
        super.onClose(cause);
        tunnel.close();
    }
}
