package io.latchkey.proxy;

import io.latchkey.problems.Refused;
import io.latchkey.routes.Route;
import java.io.IOException;
import org.apache.hc.client5.http.impl.ConnectionShutdownException;
import org.apache.hc.client5.http.impl.DefaultConnectionKeepAliveStrategy;
import org.apache.hc.client5.http.io.HttpClientConnectionManager;
import org.apache.hc.client5.http.protocol.HttpClientContext;
import org.apache.hc.core5.http.ClassicHttpRequest;
import org.apache.hc.core5.http.HttpException;
import org.apache.hc.core5.http.impl.DefaultConnectionReuseStrategy;
import org.apache.hc.core5.http.io.HttpClientConnection;
import org.apache.hc.core5.http.message.MessageSupport;
import org.apache.hc.core5.http.protocol.HttpContext;
import org.apache.hc.core5.util.TimeValue;
import org.jspecify.annotations.Nullable;

/**
 * One call to one upstream, and whose turn it is in it.
 *
 * <p>Closing gives the connection back when the answer was read to its end, and resets it otherwise, so that the
 * upstream never mistakes half a request for a whole one.
 */
final class Exchange implements AutoCloseable {
    private static final int MOST_INTERIM_ANSWERS = 16;

    private final Route.Timeout timeout;
    private final TimeValue idle;
    private final HttpClientContext context = HttpClientContext.create();
    private final long end;
    private final Loan loan;
    private volatile boolean waitingForCaller;
    private @Nullable TimeValue reusableFor;

    Exchange(
            Upstream upstream,
            Route.Timeout timeout,
            HttpClientConnectionManager connections,
            TimeValue idle,
            Deadlines deadlines) {
        this.timeout = timeout;
        this.idle = idle;
        this.end = System.nanoTime() + timeout.total().toNanos();
        this.loan = new Loan(upstream, connections, deadlines, end);
    }

    /** Sends the request and waits for the head of the final answer; refused when there is none in time. */
    Answer send(ClassicHttpRequest request) {
        loan.connect(timeout, context);
        try {
            return (Answer) loan.connection().execute("", request, this::talk, context);
        } catch (CallerFailed e) {
            throw loan.isOverdue() ? Failures.callerTooSlow(e) : e.refused();
        } catch (IOException | HttpException | ConnectionShutdownException e) {
            throw loan.isOverdue() ? tooSlow(e) : Failures.badAnswer(e);
        }
    }

    private Answer talk(ClassicHttpRequest request, HttpClientConnection connection, HttpContext current)
            throws IOException, HttpException {
        boolean sent = true;
        connection.sendRequestHeader(request);
        try {
            if (request.getEntity() != null) {
                connection.sendRequestEntity(request);
            }
            connection.flush();
        } catch (CallerFailed e) {
            throw e;
        } catch (IOException e) {
            // It may have answered and closed without reading the rest; that answer is worth more than our error.
            sent = false;
        }
        long firstByteBy = System.nanoTime() + timeout.firstByte().toNanos();
        loan.endAt(firstByteBy - end < 0 ? firstByteBy : end);
        Answer answer = finalAnswer(connection);
        loan.endAt(end);
        if (MessageSupport.canResponseHaveBody(request.getMethod(), answer)) {
            connection.receiveResponseEntity(answer);
        }
        if (sent && DefaultConnectionReuseStrategy.INSTANCE.keepAlive(request, answer, current)) {
            TimeValue wish = DefaultConnectionKeepAliveStrategy.INSTANCE.getKeepAliveDuration(answer, current);
            reusableFor = wish == null || wish.compareTo(idle) > 0 ? idle : wish;
        }
        return answer;
    }

    private static Answer finalAnswer(HttpClientConnection connection) throws IOException, HttpException {
        for (int i = 0; i < MOST_INTERIM_ANSWERS; i++) {
            Answer answer = (Answer) connection.receiveResponseHeader();
            // 101 is final: nobody asked for an upgrade, so it is no answer at all, which the checks of the head say.
            if (answer.getCode() >= 200 || answer.getCode() == 101) {
                return answer;
            }
        }
        throw new HttpException("too many interim answers");
    }

    /** Says whose turn it is, for the blame when the deadline strikes. */
    void waitingForCaller(boolean waiting) {
        waitingForCaller = waiting;
    }

    void abort() {
        loan.abort();
    }

    /** The answer was read to its end; bytes behind it would be taken for the answer to somebody else's request. */
    void answerIsComplete(Answer answer) {
        if (reusableFor != null && answer.bufferedBytes() == 0) {
            loan.giveBack(reusableFor);
        }
    }

    /** Closes, and says why the upstream failed: the clock, or the failure itself. */
    Refused upstreamFailed(IOException cause) {
        loan.close();
        return loan.isOverdue() ? tooSlow(cause) : Failures.badAnswer(cause);
    }

    /** Closes after a write to the caller failed: refused when the clock did it, else the failure itself. */
    IOException callerFailed(IOException cause) {
        loan.close();
        if (loan.isOverdue()) {
            throw Failures.callerTooSlow(cause);
        }
        return cause;
    }

    private Refused tooSlow(Exception cause) {
        return waitingForCaller ? Failures.callerTooSlow(cause) : Failures.upstreamTooSlow(cause);
    }

    @Override
    public void close() {
        loan.close();
    }
}
