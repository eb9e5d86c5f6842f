package io.latchkey.wire;

import java.io.IOException;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The body of an answer, piece by piece as it arrives, in place in the connection's buffer.
 *
 * <p>It ends where the head said, or it fails: half a body is never the end of one.
 */
public final class Body {
    private static final int LONGEST_SIZE_LINE = 1024;
    /** What stands between two chunks that came at once. */
    private static final int BETWEEN_CHUNKS = 7;

    private final Inflow in;
    private final Connection connection;
    private final boolean chunked;
    private final boolean untilClose;
    /** Of the body, or of the chunk. */
    private long left;

    private final boolean omitted;
    private boolean chunkEndDue;
    private int piece;
    private boolean ended;
    private Map<String, String> trailers = Map.of();

    Body(Inflow in, Connection connection, Answer answer, boolean none) {
        this.in = in;
        this.connection = connection;
        this.omitted = none && (answer.isChunked() || answer.contentLength() > 0);
        this.chunked = !none && answer.isChunked();
        this.untilClose = !none && !chunked && answer.contentLength() < 0;
        this.left = none || chunked ? 0 : untilClose ? Long.MAX_VALUE : answer.contentLength();
        this.ended = left == 0 && !chunked;
    }

    /** Goes to the next piece, waiting for it; false behind the last. */
    public boolean next() throws WireFailure {
        try {
            return advance();
        } catch (IOException e) {
            throw connection.failure(e);
        }
    }

    private boolean advance() throws IOException {
        in.take(piece);
        piece = 0;
        if (chunked && left == 0 && !ended) {
            nextChunk();
        }
        if (ended) {
            return false;
        }
        if (!in.await()) {
            if (!untilClose) {
                throw new IOException("the body ended early");
            }
            ended = true;
            return false;
        }
        piece = (int) Math.min(left, in.available());
        left -= piece;
        if (chunked) {
            // The size line that follows is read with the next piece, when it is waited for anyway.
            chunkEndDue = left == 0;
        } else {
            ended = left == 0;
        }
        return true;
    }

    private void nextChunk() throws IOException {
        if (chunkEndDue) {
            int length = in.awaitLine(2);
            if (length != 0) {
                throw new IOException("a chunk is longer than it said");
            }
            in.takeLine(0);
            chunkEndDue = false;
        }
        int length = in.awaitLine(LONGEST_SIZE_LINE);
        left = size(in.bytes(), in.from(), in.from() + length);
        in.takeLine(length);
        if (left == 0) {
            readTrailers();
            ended = true;
        }
    }

    private static long size(byte[] bytes, int from, int to) throws IOException {
        long size = 0;
        int i = from;
        for (; i < to; i++) {
            int digit = Character.digit(bytes[i], 16);
            if (digit < 0) {
                break;
            }
            size = size * 16 + digit;
            if (i - from >= 15) {
                throw new IOException("a chunk is too large");
            }
        }
        boolean extended = i < to && (bytes[i] == ';' || bytes[i] == ' ' || bytes[i] == '\t');
        if (i == from || (i < to && !extended)) {
            throw new IOException("a chunk has no size");
        }
        return size;
    }

    private void readTrailers() throws IOException {
        Map<String, String> read = new LinkedHashMap<>();
        new AnswerReader(in).readFields(0, (name, value) -> {
            read.merge(name.lower(), value, (one, other) -> one + ", " + other);
            return null;
        });
        trailers = Collections.unmodifiableMap(read);
    }

    /** The array that holds the piece; what it holds changes with {@link #next}. */
    public byte[] bytes() {
        return in.bytes();
    }

    public int offset() {
        return in.from();
    }

    public int length() {
        return piece;
    }

    /** Whether the piece is the body's last, as far as that is known without waiting. */
    public boolean isLast() {
        return ended;
    }

    /** Whether the next piece is here already. */
    public boolean isMoreHere() {
        return in.available() - piece > (chunked ? BETWEEN_CHUNKS : 0);
    }

    /** The fields behind a chunked body, once it has ended. */
    public Map<String, String> trailers() {
        return trailers;
    }

    /** Whether the head announced a body that this answer must not have. */
    boolean isOmitted() {
        return omitted;
    }

    /** Whether the connection stands at the beginning of another answer. */
    boolean isCleanlyEnded() {
        return ended && !untilClose && in.available() == piece;
    }
}
