package io.latchkey.cache;

import jakarta.servlet.ServletOutputStream;
import jakarta.servlet.WriteListener;
import jakarta.servlet.http.HttpServletResponse;
import jakarta.servlet.http.HttpServletResponseWrapper;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The response that the upstream's answer is written to: it holds the head back until somebody judged it.
 *
 * <p>What the gateway itself set before on the real response is not in it, and so is never stored.
 */
final class Filling extends HttpServletResponseWrapper {
    /** Decides once, when the head is complete and nothing has left. */
    interface Judge {
        Verdict judge(Head head, long length);

        /** The recording was given up. */
        void lost();

        /** The recording is complete, and the last piece of the body is about to leave. */
        void complete();
    }

    /**
     * What becomes of an answer.
     *
     * @param passes whether its head goes to the caller
     * @param status in place of its own; its body then stays here; 0 = as it is
     * @param cacheStatus what the caller is told about it
     * @param recording what copies the body
     */
    record Verdict(boolean passes, int status, String cacheStatus, Buffers.@Nullable Recording recording) {
        static final Verdict SWALLOWED = new Verdict(false, 0, "", null);
    }

    private final HttpServletResponse real;
    private final Judge judge;
    private final List<Field> fields = new ArrayList<>();
    private int status = SC_OK;
    private long length = -1;
    private @Nullable Verdict verdict;
    private @Nullable ServletOutputStream stream;
    private boolean lost;

    Filling(HttpServletResponse real, Judge judge) {
        super(real);
        this.real = real;
        this.judge = judge;
    }

    /** Whether something of it may have reached the caller. */
    boolean hasPassed() {
        return verdict != null && verdict.passes();
    }

    /** Whether the caller has all that it is to get, whatever becomes of the body. */
    boolean isAnswered() {
        return verdict != null && verdict.passes() && verdict.status() != 0;
    }

    /** The answer is complete; one without a body is judged now. */
    void finish() throws IOException {
        decided();
    }

    private Verdict decided() throws IOException {
        Verdict known = verdict;
        if (known == null) {
            known = judge.judge(new Head(status, fields), length);
            verdict = known;
            if (known.passes()) {
                pass(known);
            }
        }
        return known;
    }

    private void pass(Verdict known) {
        real.setStatus(known.status() == 0 ? status : known.status());
        for (Field field : fields) {
            Reply.put(real, field);
        }
        if (length >= 0 && known.status() == 0) {
            real.setContentLengthLong(length);
        }
        Reply.say(real, known.cacheStatus());
    }

    private static boolean hasBody(Verdict known) {
        return known.passes() && known.status() == 0;
    }

    @Override
    public void setStatus(int code) {
        status = code;
    }

    @Override
    public int getStatus() {
        return status;
    }

    @Override
    public void setHeader(String name, @Nullable String value) {
        fields.removeIf(field -> field.name().equalsIgnoreCase(name));
        if (value != null) {
            put(new Field(name, value, /* more= */ false));
        }
    }

    @Override
    public void addHeader(String name, String value) {
        put(new Field(name, value, /* more= */ true));
    }

    private void put(Field field) {
        if (field.name().equalsIgnoreCase("Content-Length")) {
            length = Long.parseLong(field.value());
        } else {
            fields.add(field);
        }
    }

    @Override
    public void setIntHeader(String name, int value) {
        setHeader(name, Integer.toString(value));
    }

    @Override
    public void addIntHeader(String name, int value) {
        addHeader(name, Integer.toString(value));
    }

    @Override
    public void setContentType(@Nullable String type) {
        setHeader("Content-Type", type);
    }

    @Override
    public void setContentLength(int bytes) {
        length = bytes;
    }

    @Override
    public void setContentLengthLong(long bytes) {
        length = bytes;
    }

    @Override
    public @Nullable String getHeader(String name) {
        String own = new Head(status, fields).first(name);
        return own == null ? real.getHeader(name) : own;
    }

    @Override
    public boolean containsHeader(String name) {
        return name.equalsIgnoreCase("Content-Length") ? length >= 0 : getHeader(name) != null;
    }

    @Override
    public boolean isCommitted() {
        return real.isCommitted();
    }

    @Override
    public void flushBuffer() throws IOException {
        if (hasBody(decided())) {
            real.flushBuffer();
        }
    }

    @Override
    public ServletOutputStream getOutputStream() {
        ServletOutputStream open = stream;
        if (open == null) {
            open = new Body();
            stream = open;
        }
        return open;
    }

    /** To the caller and into the recording, as far as either wants it. */
    private final class Body extends ServletOutputStream {
        private final byte[] one = new byte[1];

        @Override
        public void write(int b) throws IOException {
            one[0] = (byte) b;
            write(one, 0, 1);
        }

        @Override
        public void write(byte[] bytes, int offset, int count) throws IOException {
            Verdict known = decided();
            Buffers.Recording recording = known.recording();
            if (recording != null && !lost && !recording.add(bytes, offset, count)) {
                lost = true;
                judge.lost();
            } else if (recording != null && recording.isComplete()) {
                judge.complete();
            }
            if (hasBody(known)) {
                real.getOutputStream().write(bytes, offset, count);
            }
        }

        @Override
        public void flush() throws IOException {
            if (hasBody(decided())) {
                real.getOutputStream().flush();
            }
        }

        @Override
        public boolean isReady() {
            return true;
        }

        @Override
        public void setWriteListener(WriteListener listener) {
            throw new IllegalStateException("answers are written by the thread that waits for them");
        }
    }
}
