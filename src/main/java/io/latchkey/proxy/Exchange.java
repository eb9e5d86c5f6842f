package io.latchkey.proxy;

import io.latchkey.ratelimit.Permit;
import io.latchkey.routes.Route;
import io.latchkey.upstreams.Turn;
import io.latchkey.wire.Answer;
import io.latchkey.wire.Body;
import io.latchkey.wire.Connection;
import io.latchkey.wire.WireFailure;
import io.latchkey.wire.WireFailure.Kind;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/** One try at one server: the request there, the answer back, and whose turn it is in between. */
final class Exchange implements AutoCloseable {
    private final Connection connection;
    private final Turn turn;
    private final HttpServletResponse response;
    private @Nullable Upload upload;
    private volatile boolean waitingForCaller;
    private boolean handedOver;

    Exchange(Connection connection, Turn turn, HttpServletResponse response) {
        this.connection = connection;
        this.turn = turn;
        this.response = response;
    }

    /** Sends the request and waits for the head of the final answer; refused when the caller failed meanwhile. */
    Answer send(RequestHead head, CallerBody body, Route.Timeout timeout, Call call) throws IOException {
        try {
            return sendAndReceive(head, body, timeout, call);
        } catch (WireFailure failure) {
            throw blamed(failure);
        }
    }

    private Answer sendAndReceive(RequestHead head, CallerBody body, Route.Timeout timeout, Call call)
            throws IOException {
        head.write(connection, turn, body);
        long firstByte = timeout.firstByte().toNanos();
        if (body.passesThrough()) {
            upload = Upload.start(body, connection, firstByte, call.end());
        } else {
            connection.endAt(Math.min(System.nanoTime() + firstByte, call.end()));
            try {
                if (body.exists()) {
                    body.sendKept(connection);
                } else {
                    connection.flush();
                }
            } catch (WireFailure e) {
                // It may have answered and closed without reading the rest; that answer is worth more than our error.
                if (e.kind() != Kind.BROKEN) {
                    throw e;
                }
            }
            connection.endWhen(call.callerIsGone());
        }
        HttpServletRequest request = body.request();
        Answer answer = connection.receive(request.getMethod().equals("HEAD"), interim -> pass(interim, request));
        if (answer.status() == 101 && !(head.isUpgrade() && Upgrade.isGranted(answer))) {
            throw connection.broken("an upgrade that nobody asked for");
        }
        if (upload != null) {
            upload.answered();
        } else {
            connection.endAt(call.end());
        }
        return answer;
    }

    private void pass(Answer interim, HttpServletRequest request) throws IOException {
        toCaller(() -> Interim.pass(interim, request));
    }

    /** Copies the answer; {@code 101} hands both connections over instead. */
    void answer(Answer answer, HttpServletRequest request, Call call) throws IOException {
        if (answer.status() == 101) {
            turn.succeeded(answer.status());
            OpenTunnel tunnel = new OpenTunnel(connection, turn, call.permit());
            handedOver = true;
            try {
                Upgrade.begin(answer, tunnel, request, response);
            } catch (RuntimeException e) {
                tunnel.close();
                throw e;
            }
            return;
        }
        AnswerHead.copy(answer, response);
        AnswerBody.copy(answer, connection.body(), response, this);
        if (upload != null) {
            upload.stop(/* atOnce= */ false);
        }
    }

    /** All of the answer is here: the server has done its part, however long the caller takes for its own. */
    void serverIsDone(Answer answer) {
        turn.succeeded(answer.status());
        turn.close();
    }

    /** What writes to the caller. */
    interface Write {
        void run() throws IOException;
    }

    /** An {@link IOException} when the caller is gone, refused when it was the clock that struck. */
    void toCaller(Write write) throws IOException {
        waitingForCaller = true;
        try {
            write.run();
        } catch (IOException e) {
            if (connection.struck() == Kind.OVERDUE) {
                throw Failures.callerTooSlow(e);
            }
            throw new CallerGone(e);
        }
        waitingForCaller = false;
    }

    /** Goes to the next piece of the answer's body; refused when there is none in time, or none at all. */
    boolean next(Body body) throws IOException {
        try {
            return body.next();
        } catch (WireFailure failure) {
            WireFailure upstreams = blamed(failure);
            // A problem in place of half an answer would carry the answer's headers; committed, it will be cut.
            try {
                response.flushBuffer();
            } catch (IOException e) {
                upstreams.addSuppressed(e);
            }
            throw upstreams;
        }
    }

    /** The failure, if it is the upstream's; otherwise the caller is refused for what it did. */
    private WireFailure blamed(WireFailure failure) {
        boolean waited = waitingForCaller;
        if (upload != null) {
            waited |= upload.isWaitingForCaller();
            upload.stop(/* atOnce= */ true);
            if (upload.callersFault() != null) {
                throw upload.callersFault();
            }
        }
        if (waited && failure.kind() == Kind.OVERDUE) {
            throw Failures.callerTooSlow(failure);
        }
        return failure;
    }

    @Override
    public void close() {
        if (upload != null) {
            upload.stop(/* atOnce= */ true);
        }
        if (!handedOver) {
            connection.close();
        }
    }

    /** When the whole call ends, whether anybody still waits for it, and what lets it be under way. */
    record Call(long end, BooleanSupplier callerIsGone, Permit permit) {}
}
