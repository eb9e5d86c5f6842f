package io.latchkey.cache;

import java.io.ByteArrayOutputStream;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/** The memory that bodies on their way may take, all together. */
@Component
final class Buffers {
    private static final int FIRST_BYTES = 4096;

    private final AtomicLong free;

    Buffers(CacheProperties properties) {
        free = new AtomicLong(properties.buffers().toBytes());
    }

    private boolean take(int bytes) {
        if (free.addAndGet(-bytes) >= 0) {
            return true;
        }
        free.addAndGet(bytes);
        return false;
    }

    /** For a body of at most {@code most} bytes; null when it says itself that it is longer. */
    @Nullable
    Recording open(long most, long declared) {
        return declared > most ? null : new Recording(most, declared);
    }

    /** A copy of a body in the making; given up when it is too long or memory is short. */
    final class Recording implements AutoCloseable {
        private final long most;
        private final long declared;
        private int taken;
        private final ByteArrayOutputStream bytes;
        private boolean lost;

        private Recording(long most, long declared) {
            this.most = most;
            this.declared = declared;
            this.bytes = new ByteArrayOutputStream(
                    declared >= 0 ? (int) Math.min(declared, 64 * 1024) : (int) Math.min(most, FIRST_BYTES));
        }

        /** Whether it is still going on; what does not fit ends it. */
        boolean add(byte[] from, int offset, int length) {
            lost |= taken + (long) length > most || !take(length);
            if (!lost) {
                taken += length;
                bytes.write(from, offset, length);
            }
            return !lost;
        }

        /** Whether all that was announced is here; of a body that does not say its length nobody knows yet. */
        boolean isComplete() {
            return !lost && taken == declared;
        }

        /** As far as it went. */
        byte[] soFar() {
            return bytes.toByteArray();
        }

        /** All of it; null when it was given up or is not as long as was said. */
        byte @Nullable [] whole() {
            return lost || (declared >= 0 && declared != taken) ? null : bytes.toByteArray();
        }

        @Override
        public void close() {
            lost = true;
            bytes.reset();
            free.addAndGet(taken);
            taken = 0;
        }
    }
}
