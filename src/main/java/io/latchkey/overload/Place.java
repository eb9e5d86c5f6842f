package io.latchkey.overload;

import java.util.concurrent.Semaphore;
import org.jspecify.annotations.Nullable;

/** The right to be inside; closing it lets the next one in. */
public final class Place implements AutoCloseable {
    private final @Nullable Semaphore places;

    Place(@Nullable Semaphore places) {
        this.places = places;
    }

    @Override
    public void close() {
        if (places != null) {
            places.release();
        }
    }
}
