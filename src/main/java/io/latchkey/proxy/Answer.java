package io.latchkey.proxy;

import org.apache.hc.core5.http.io.SessionInputBuffer;
import org.apache.hc.core5.http.message.BasicClassicHttpResponse;
import org.jspecify.annotations.Nullable;

/** An upstream's answer, with sight of the bytes that have arrived behind its head. */
final class Answer extends BasicClassicHttpResponse {
    private static final long serialVersionUID = 1;

    private transient @Nullable SessionInputBuffer source;

    Answer(int status) {
        super(status, "");
    }

    void receivedThrough(SessionInputBuffer buffer) {
        source = buffer;
    }

    /** Bytes that were received and not yet read. */
    int bufferedBytes() {
        return source == null ? 0 : source.length();
    }
}
