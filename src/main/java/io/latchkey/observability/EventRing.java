package io.latchkey.observability;

import ch.qos.logback.classic.spi.ILoggingEvent;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/** A bounded queue with many writers and one reader, in which nobody takes a lock or wakes anybody. */
final class EventRing {
    private final AtomicReferenceArray<@Nullable ILoggingEvent> slots;
    private final AtomicLong tail = new AtomicLong();
    private volatile long head;

    EventRing(int capacity) {
        slots = new AtomicReferenceArray<>(capacity);
    }

    /** False when there is no room. */
    boolean offer(ILoggingEvent event) {
        while (true) {
            long at = tail.get();
            if (at - head >= slots.length()) {
                return false;
            }
            if (tail.compareAndSet(at, at + 1)) {
                slots.setRelease((int) (at % slots.length()), event);
                return true;
            }
        }
    }

    /** Null when nothing is there; only the one reader may ask. */
    @Nullable
    ILoggingEvent poll() {
        long at = head;
        int slot = (int) (at % slots.length());
        ILoggingEvent event = slots.getAcquire(slot);
        if (event != null) {
            slots.setRelease(slot, null);
            head = at + 1;
        }
        return event;
    }

    boolean isEmpty() {
        return head == tail.get();
    }
}
