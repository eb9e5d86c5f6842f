package io.latchkey.compression;

import io.latchkey.routes.RouteMatch;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/** Makes answers smaller for callers that can take it. */
@Component
public final class Compression {
    /** Bytes below which Brotli takes twice the time of gzip and saves next to nothing more. */
    private static final long BROTLI_PAYS = 8 * 1024;

    private final Encoders encoders;
    private final CompressionMeters meters;
    private final boolean disabled;
    private final long minSize;

    Compression(CompressionProperties properties, Encoders encoders, CompressionMeters meters) {
        this.encoders = encoders;
        this.meters = meters;
        this.disabled = properties.disabled();
        this.minSize = properties.minSize().toBytes();
    }

    /**
     * The answer to write to in place of {@code response}, or {@code response} itself where nothing is to be done.
     * Whatever happens to it, it goes to {@link #release} in the end.
     */
    public HttpServletResponse of(RouteMatch match, HttpServletRequest request, HttpServletResponse response) {
        return disabled || match.isReserved() || !match.route().compression()
                ? response
                : new CompressingAnswer(request, response, Accepted.of(request), this);
    }

    /** The answer was written to its end; without this call half an answer never looks whole. */
    public void finish(HttpServletResponse response) throws IOException {
        if (response instanceof CompressingAnswer answer) {
            answer.finish();
        }
    }

    /** Frees what the answer held; whether it was finished or not, and as often as one likes. */
    public void release(HttpServletResponse response) {
        if (response instanceof CompressingAnswer answer) {
            answer.release(meters);
        }
    }

    long minSize() {
        return minSize;
    }

    /** What the caller gets when there is room, for a body of that length; null: the length is unknown. */
    @Nullable
    Coding coding(Accepted accepted, @Nullable String length) {
        return encoders.best(accepted, length == null || Long.parseLong(length) >= BROTLI_PAYS);
    }

    @Nullable
    Encoder open(Coding coding, Accepted accepted) {
        Encoder encoder = encoders.open(coding, accepted);
        if (encoder == null) {
            meters.withoutRoom();
        }
        return encoder;
    }
}
