package io.latchkey.compression;

import jakarta.servlet.ServletOutputStream;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import jakarta.servlet.http.HttpServletResponseWrapper;
import java.io.IOException;
import java.io.PrintWriter;
import org.jspecify.annotations.Nullable;

/** An answer that is compressed, or not, as soon as its head is complete: at its first byte, or its end. */
final class CompressingAnswer extends HttpServletResponseWrapper {
    private final HttpServletRequest request;
    private final Accepted accepted;
    private final Compression compression;
    private @Nullable CompressingStream stream;
    private boolean decided;

    CompressingAnswer(
            HttpServletRequest request, HttpServletResponse answer, Accepted accepted, Compression compression) {
        super(answer);
        this.request = request;
        this.accepted = accepted;
        this.compression = compression;
    }

    @Override
    public ServletOutputStream getOutputStream() throws IOException {
        if (stream == null) {
            stream = new CompressingStream(this, super.getOutputStream());
        }
        return stream;
    }

    /** Text through the container's own writer leaves as it is. */
    @Override
    public PrintWriter getWriter() throws IOException {
        decided = true;
        return super.getWriter();
    }

    @Override
    public void flushBuffer() throws IOException {
        getOutputStream().flush();
    }

    /** What the body's bytes go through; null when they leave as they are. */
    @Nullable
    Encoder decide() {
        if (decided) {
            return null;
        }
        decided = true;
        HttpServletResponse answer = (HttpServletResponse) getResponse();
        if (answer.isCommitted()) {
            return null;
        }
        if (answer.getStatus() == SC_NOT_MODIFIED) {
            matchStored(answer);
            return null;
        }
        if (!AnswerRules.concern(answer, accepted.identity() == 0 ? 0 : compression.minSize())) {
            return null;
        }
        Coding coding = compression.coding(accepted, answer.getHeader("Content-Length"));
        // Most look-ups last, and none of them for a caller that takes it as it is.
        if (coding != null && AnswerRules.forbid(answer)) {
            return null;
        }
        AnswerRules.vary(answer);
        boolean head = request.getMethod().equals("HEAD");
        Encoder encoder = coding == null || head ? null : compression.open(coding, accepted);
        if (encoder != null) {
            AnswerRules.encoded(answer, encoder.coding());
        } else if (head && coding != null) {
            AnswerRules.encoded(answer, coding);
        }
        return encoder;
    }

    /** What the caller holds is the compressed answer, under the tag that it got with it. */
    private void matchStored(HttpServletResponse answer) {
        String tag = answer.getHeader("ETag");
        String asked = request.getHeader("If-None-Match");
        if (tag != null && tag.startsWith("\"") && asked != null && asked.contains("W/" + tag)) {
            AnswerRules.weaken(answer);
            AnswerRules.vary(answer);
        }
    }

    /** The body is complete. */
    void finish() throws IOException {
        if (!decided && request.getMethod().equals("HEAD")) {
            decide();
            // Left to itself the container would say that the length is zero.
            if (containsHeader("Content-Encoding")) {
                super.flushBuffer();
            }
        } else if (stream != null) {
            stream.finish();
        }
    }

    void release(CompressionMeters meters) {
        if (stream != null) {
            stream.release(meters);
        }
    }
}
