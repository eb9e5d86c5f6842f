package io.latchkey.proxy;

import io.latchkey.problems.Refused;
import io.latchkey.wire.Connection;
import io.latchkey.wire.WireFailure;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Sends a body while the answer is already being read.
 *
 * <p>A thread of its own: an upstream may answer before it has read everything, or stop reading until its answer is
 * read.
 */
final class Upload implements CallerBody.Passage {
    /** An upstream that answered whole has read whole, or will not: the last piece is on its way, or never was. */
    private static final Duration LAST_PIECE = Duration.ofMillis(250);

    private static final Duration SECOND = Duration.ofSeconds(1);

    private final CallerBody body;
    private final Connection connection;
    private final long firstByteNanos;
    private final long end;
    private final ReentrantLock clock = new ReentrantLock();
    private boolean answered;

    private volatile boolean waiting;
    private volatile boolean stopped;
    private volatile @Nullable Refused callersFault;
    private final Thread thread;

    private Upload(CallerBody body, Connection connection, long firstByteNanos, long end) {
        this.body = body;
        this.connection = connection;
        this.firstByteNanos = firstByteNanos;
        this.end = end;
        this.thread = Thread.ofVirtual().unstarted(this::run);
    }

    static Upload start(CallerBody body, Connection connection, long firstByteNanos, long end) {
        Upload upload = new Upload(body, connection, firstByteNanos, end);
        upload.thread.start();
        return upload;
    }

    private void run() {
        try {
            connection.flush();
            body.passThrough(this);
            if (body.length() >= 0) {
                connection.endBody();
            } else {
                connection.endChunks(Trailers.of(body.request()));
            }
            awaitAnswerFromNowOn();
        } catch (Refused refused) {
            if (!stopped) {
                callersFault = refused;
            }
            connection.abort();
        } catch (WireFailure e) {
            // The upstream takes no more; what it answers, if anything, says why.
            stopped = true;
        } catch (IOException | RuntimeException e) {
            connection.abort();
        }
    }

    private void awaitAnswerFromNowOn() throws WireFailure {
        clock.lock();
        try {
            long by = System.nanoTime() + firstByteNanos;
            if (!answered && by - end < 0) {
                connection.endAt(by);
            }
        } finally {
            clock.unlock();
        }
    }

    /** The head of the answer is there; only the exchange's own end counts from now on. */
    void answered() throws WireFailure {
        clock.lock();
        try {
            answered = true;
            connection.endAt(end);
        } finally {
            clock.unlock();
        }
    }

    @Override
    public void waitingForCaller(boolean isWaiting) {
        waiting = isWaiting;
    }

    @Override
    public void pass(byte[] bytes, int length) throws IOException {
        if (body.length() >= 0) {
            connection.write(bytes, 0, length);
        } else {
            connection.writeChunk(bytes, 0, length);
        }
        if (length < CallerBody.BUFFER_BYTES) {
            connection.flush();
        }
    }

    boolean isWaitingForCaller() {
        return waiting;
    }

    /** What the caller did wrong while it was sending; null when it did nothing wrong. */
    @Nullable
    Refused callersFault() {
        return callersFault;
    }

    /** Ends the sending and returns when it has ended; at once, or when the last piece had time to leave. */
    void stop(boolean atOnce) {
        boolean interrupted = Thread.interrupted();
        boolean patient = !atOnce;
        while (thread.isAlive()) {
            try {
                if (patient && !waiting && thread.join(LAST_PIECE)) {
                    break;
                }
                patient = false;
                stopped = true;
                connection.abort();
                thread.interrupt();
                boolean unused = thread.join(SECOND);
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
