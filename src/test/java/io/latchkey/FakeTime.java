package io.latchkey;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;

/** Time that stands still until a test moves it. */
public final class FakeTime implements InstantSource {
    private volatile Instant now = Instant.now().truncatedTo(java.time.temporal.ChronoUnit.SECONDS);

    @Override
    public Instant instant() {
        return now;
    }

    public synchronized Instant advance(Duration step) {
        now = now.plus(step);
        return now;
    }
}
