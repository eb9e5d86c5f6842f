package io.latchkey.wire;

import io.latchkey.wire.WireFailure.Kind;
import java.io.IOException;
import java.util.Map;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * A connection to an upstream, on loan to one exchange at a time.
 *
 * <p>Closing gives it back to its pool when the answer was read to its end and nothing is left over; otherwise it is
 * reset, so that the upstream never mistakes half a request for a whole one.
 */
public final class Connection implements AutoCloseable {
    private static final int MOST_INTERIM_ANSWERS = 16;
    private static final long SOON_NANOS = 1_000_000_000;

    private final Pool pool;
    private final Transport transport;
    /** Not used beyond this time, in terms of {@link System#nanoTime}. */
    private final long retireAt;

    private final Inflow in;
    private final Outflow out;
    private final AnswerReader reader;

    private final Term term;

    private boolean reused;
    private boolean requestEnded;
    private boolean broken;
    private volatile boolean proper;
    private long lentAt;
    private long idleSince;
    private long usableUntil;
    private @Nullable Answer answer;
    private @Nullable Body body;

    Connection(Pool pool, Transport transport, long retireAt) {
        this.pool = pool;
        this.retireAt = retireAt;
        this.transport = transport;
        this.in = new Inflow(transport::read);
        this.out = new Outflow(transport::write);
        this.reader = new AnswerReader(in);
        this.term = new Term(transport::reset);
    }

    /** Begins an exchange that the clock ends at {@code end}, in terms of {@link System#nanoTime}. */
    void lend(long end, boolean wasIdle) {
        reused = wasIdle;
        requestEnded = false;
        answer = null;
        body = null;
        lentAt = System.nanoTime();
        out.begin();
        term.begin(end);
    }

    /** Whether the upstream closed it, or said something unasked, while nobody used it. */
    boolean isStale() {
        return transport.hasSomethingOrEnded();
    }

    /** Moves the end of the exchange. */
    public void endAt(long end) throws WireFailure {
        if (!term.move(end)) {
            throw failure(new IOException("the deadline has passed"));
        }
    }

    /** From now on, a caller that is gone ends the exchange; asked from another thread, until the exchange ends. */
    public void endWhen(BooleanSupplier callerIsGone) {
        term.endWhen(callerIsGone);
    }

    public void requestLine(String method, String basePath, String target) {
        out.requestLine(method, basePath, target);
    }

    public void header(String name, String value) {
        out.field(name, value);
    }

    /** Ends the request's head; without a body it also ends the request. Leaves with what follows. */
    public void endHead(boolean bodyFollows) {
        out.endHead();
        requestEnded = !bodyFollows;
    }

    /** A piece of a body whose length was announced. */
    public void write(byte[] bytes, int offset, int length) throws WireFailure {
        send(() -> out.body(bytes, offset, length));
    }

    /** A piece, not empty, of a body whose length was not announced. */
    public void writeChunk(byte[] bytes, int offset, int length) throws WireFailure {
        send(() -> out.chunk(bytes, offset, length));
    }

    /** Ends a body whose length was not announced. */
    public void endChunks(Map<String, String> trailers) throws WireFailure {
        send(() -> {
            out.lastChunk(trailers.entrySet());
            out.flush();
        });
        requestEnded = true;
    }

    /** Ends a body whose length was announced. */
    public void endBody() throws WireFailure {
        flush();
        requestEnded = true;
    }

    public void flush() throws WireFailure {
        send(out::flush);
    }

    private interface Sending {
        void run() throws IOException;
    }

    private void send(Sending sending) throws WireFailure {
        try {
            sending.run();
        } catch (IOException e) {
            throw failure(e);
        }
    }

    /**
     * Waits for the head of the final answer.
     *
     * @param headRequest whether the request was a HEAD, whose answer has no body whatever its head says
     * @param interim gets every answer before it, but {@code 100 Continue}
     */
    public Answer receive(boolean headRequest, Interim interim) throws IOException {
        for (int i = 0; i < MOST_INTERIM_ANSWERS; i++) {
            Answer head = receiveHead(i == 0);
            if (head.status() >= 200 || head.status() == 101) {
                boolean none = headRequest || head.status() == 204 || head.status() == 304 || head.status() == 101;
                answer = head;
                body = new Body(in, this, head, none);
                return head;
            }
            if (head.contentLength() > 0 || head.isChunked()) {
                break;
            }
            if (head.status() != 100) {
                interim.pass(head);
            }
        }
        throw failure(new IOException("the interim answers have no end"));
    }

    /** Receives answers that come before the final one. */
    public interface Interim {
        void pass(Answer head) throws IOException;
    }

    private Answer receiveHead(boolean first) throws WireFailure {
        try {
            if (!in.await()) {
                throw new IOException("closed without an answer");
            }
        } catch (IOException e) {
            if (reused && first && isSoon()) {
                pool.doubt();
                throw failure(Kind.STALE, e);
            }
            throw failure(Kind.BROKEN, e);
        }
        try {
            return reader.read();
        } catch (IOException e) {
            throw failure(e);
        }
    }

    /** An upstream that takes longer than this to close has not done so because the connection was idle. */
    private boolean isSoon() {
        return System.nanoTime() - lentAt < SOON_NANOS;
    }

    /** The body of the answer that was received. */
    public Body body() {
        if (body == null) {
            throw new IllegalStateException("no answer was received yet");
        }
        return body;
    }

    /** The failure of an upstream that says what makes no sense. */
    public WireFailure broken(String what) {
        return failure(new IOException(what));
    }

    /** What the clock or the upstream did to this exchange. */
    WireFailure failure(IOException cause) {
        return failure(Kind.BROKEN, cause);
    }

    private WireFailure failure(Kind kind, IOException cause) {
        broken = true;
        if (cause instanceof WireFailure known) {
            return known;
        }
        Kind struck = term.struck();
        return new WireFailure(
                struck == null ? kind : struck, cause.getMessage() == null ? "broken" : cause.getMessage(), cause);
    }

    /** Whether the clock has ended the exchange, and why; null when it has not. */
    public @Nullable Kind struck() {
        return term.struck();
    }

    /** Takes the connection out of HTTP; what has arrived already comes first. Closing it ends both directions. */
    public OpenLine openLine() throws WireFailure {
        endAt(OpenLine.never());
        broken = true;
        term.forgetPeople();
        return new OpenLine(this, transport, in);
    }

    void endsProperly() {
        proper = true;
    }

    Term term() {
        return term;
    }

    /** Resets the connection at once; the other side sees an abort, never a proper end. */
    public void abort() {
        broken = true;
        transport.reset();
    }

    /** Ends the exchange; a second time changes nothing. */
    @Override
    public void close() {
        if (!term.isRunning()) {
            return;
        }
        boolean unused = letGo();
        Answer last = answer;
        Body read = body;
        if (!broken
                && requestEnded
                && last != null
                && read != null
                && last.keepsConnection()
                && read.isCleanlyEnded()) {
            in.take(read.length());
            pool.takeBack(this, KeepAlive.of(last));
        } else {
            if (proper) {
                transport.close();
            } else {
                transport.reset();
            }
            pool.dispose(this);
        }
    }

    /** Takes the exchange away from the clock; false when that was faster. */
    boolean letGo() {
        boolean inTime = term.end();
        broken |= !inTime;
        return inTime;
    }

    void rest(long now, long idleNanos) {
        idleSince = now;
        usableUntil = Math.min(now + idleNanos, retireAt);
    }

    long idleNanos(long now) {
        return now - idleSince;
    }

    /** Whether the last answer announced a body that it must not have; it may come all the same. */
    boolean lastOmittedABody() {
        return body != null && body.isOmitted();
    }

    boolean isUsableAt(long now) {
        return now - usableUntil < 0;
    }

    /** Ends an idle connection properly. */
    void retire() {
        broken = true;
        transport.close();
    }
}
