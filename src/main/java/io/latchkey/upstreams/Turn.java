package io.latchkey.upstreams;

import io.latchkey.wire.Endpoint;
import java.net.URI;
import java.util.concurrent.atomic.AtomicIntegerFieldUpdater;

/** One try at one server; its first verdict counts, and it gives itself back exactly once. */
public final class Turn implements AutoCloseable {
    private static final AtomicIntegerFieldUpdater<Turn> STAGE =
            AtomicIntegerFieldUpdater.newUpdater(Turn.class, "stage");
    private static final int RUNNING = 0;
    private static final int JUDGED = 1;
    private static final int CLOSED = 2;

    private final Upstream upstream;
    private volatile int stage = RUNNING;

    Turn(Upstream upstream) {
        this.upstream = upstream;
    }

    /** The server's address as it is configured. */
    public URI uri() {
        return upstream.uri();
    }

    /** Where it is reached. */
    public Endpoint endpoint() {
        return upstream.endpoint();
    }

    /** What stands in the Host header: the port only when the address names one. */
    public String authority() {
        return upstream.authority();
    }

    /** The path that the server's address begins with, without a slash at its end. */
    public String basePath() {
        return upstream.basePath();
    }

    boolean isAt(Upstream other) {
        return upstream == other;
    }

    /**
     * The head of an answer arrived; the verdict is still open.
     *
     * <p>A server that was on trial has passed it: the body may be a stream without end, and others need not wait for it.
     */
    public void answering(int status) {
        if (stage == RUNNING && !isFailure(status)) {
            upstream.breaker().answering(this);
        }
    }

    /** A whole answer arrived; 502, 503 and 504 are failures of the server all the same. */
    public void succeeded(int status) {
        if (STAGE.compareAndSet(this, RUNNING, JUDGED)) {
            if (isFailure(status)) {
                upstream.breaker().failed(this);
            } else {
                upstream.breaker().succeeded(this);
            }
        }
    }

    /** No connection, no answer in time, or a broken one. */
    public void failed() {
        if (STAGE.compareAndSet(this, RUNNING, JUDGED)) {
            upstream.breaker().failed(this);
        }
    }

    /** Without a verdict it was nobody's fault: the next request may find out. */
    @Override
    public void close() {
        int before = STAGE.getAndSet(this, CLOSED);
        if (before == RUNNING) {
            upstream.breaker().released(this);
        }
        if (before != CLOSED) {
            upstream.left();
        }
    }

    /** The rest of the turn, for what outlives the request: the server is busy until that is closed, whatever happens to this. */
    public Turn handOver() {
        int before = STAGE.getAndSet(this, CLOSED);
        if (before == RUNNING) {
            upstream.breaker().released(this);
        }
        Turn longer = new Turn(upstream);
        longer.stage = before == CLOSED ? CLOSED : JUDGED;
        return longer;
    }

    private static boolean isFailure(int status) {
        return status >= 502 && status <= 504;
    }
}
