package io.latchkey.compression;

import com.aayushatharva.brotli4j.Brotli4jLoader;
import java.io.IOException;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.stereotype.Component;

/** Makes encoders while there is memory for them. */
@Component
final class Encoders implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Encoders.class);
    private static final int MOST_IDLE = 32;

    private final BlockingQueue<GzipEncoder> idle = new ArrayBlockingQueue<>(MOST_IDLE);
    private final AtomicLong room;
    private final int quality;
    private final boolean brotli;

    Encoders(CompressionProperties properties) {
        this.room = new AtomicLong(properties.memory().toBytes());
        this.quality = properties.brotliQuality();
        this.brotli = !properties.disabled() && Brotli4jLoader.isAvailable();
        if (!brotli && !properties.disabled()) {
            LOG.warn(
                    "Answers are compressed by gzip only: the Brotli library cannot be loaded on this machine ({})",
                    String.valueOf(Brotli4jLoader.getUnavailabilityCause()));
        }
    }

    /** What the caller would get while there is room. */
    @Nullable
    Coding best(Accepted accepted, boolean brotliPays) {
        return (brotli ? accepted : accepted.withoutBrotli()).best(brotliPays);
    }

    /** An encoder of that coding, or of the other one that the caller accepts; null without room for either. */
    @Nullable
    Encoder open(Coding best, Accepted accepted) {
        Encoder opened = open(best);
        boolean another = best == Coding.BROTLI && accepted.withoutBrotli().best(false) != null;
        return opened == null && another ? open(Coding.GZIP) : opened;
    }

    private @Nullable Encoder open(Coding coding) {
        if (room.addAndGet(-coding.bytes()) < 0) {
            room.addAndGet(coding.bytes());
            return null;
        }
        if (coding == Coding.BROTLI) {
            try {
                return new BrotliEncoder(quality, this);
            } catch (IOException e) {
                // The library found no memory; the next one may.
                room.addAndGet(coding.bytes());
                return null;
            }
        }
        GzipEncoder known = idle.poll();
        return known != null ? known : new GzipEncoder(this);
    }

    void takeBack(Encoder encoder) {
        room.addAndGet(encoder.coding().bytes());
        if (encoder instanceof GzipEncoder gzip && !idle.offer(gzip)) {
            gzip.end();
        }
    }

    /** Bytes that encoders may still take. */
    long room() {
        return room.get();
    }

    @Override
    public void close() {
        for (GzipEncoder gzip = idle.poll(); gzip != null; gzip = idle.poll()) {
            gzip.end();
        }
    }
}
