package io.latchkey.ratelimit;

import io.latchkey.keys.Caller;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/** Proof that a checked caller was let in; only {@link RateLimits} can make one. Closing it gives its slots back. */
public final class Permit implements AutoCloseable {
    private final Caller caller;
    private final @Nullable AtomicReference<@Nullable Taken> taken;

    Permit(Caller caller, @Nullable Taken taken) {
        this.caller = caller;
        this.taken = taken == null ? null : new AtomicReference<>(taken);
    }

    /** The slots that a request holds; null where nothing is bounded. */
    record Taken(@Nullable Slots ofKey, @Nullable Slots ofRoute) {
        void giveBack() {
            if (ofKey != null) {
                ofKey.giveBack();
            }
            if (ofRoute != null) {
                ofRoute.giveBack();
            }
        }
    }

    public Caller caller() {
        return caller;
    }

    /** The same proof, for what outlives the request: the slots are held until that one is closed, and no longer by this. */
    public Permit handOver() {
        return new Permit(caller, taken == null ? null : taken.getAndSet(null));
    }

    @Override
    public void close() {
        Taken held = taken == null ? null : taken.getAndSet(null);
        if (held != null) {
            held.giveBack();
        }
    }
}
