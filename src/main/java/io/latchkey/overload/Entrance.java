package io.latchkey.overload;

import io.latchkey.problems.Refusal;
import io.latchkey.problems.Refused;
import jakarta.servlet.http.HttpServletRequest;
import java.time.Duration;
import java.util.concurrent.Semaphore;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.springframework.stereotype.Component;

/** The door of the walk: lets requests in while there is room, and a crowd in order. */
@Component
public final class Entrance {
    /** A node that is busy is not ill: taken away, it would leave its load to the others. */
    private static final String HEALTH = "/api/health";

    private final Semaphore places;
    private final AtomicInteger waiting = new AtomicInteger();
    private final int maxWaiting;
    private final long patienceNanos;
    private final Pressure pressure;
    private final OverloadMeters meters;

    // All who are inside hold the same one: a place has no number.
    private final Place place;
    private final Place aside = new Place(null);

    Entrance(OverloadProperties properties, Pressure pressure, OverloadMeters meters) {
        this.places = new Semaphore(properties.maxInside(), /* fair= */ true);
        this.place = new Place(places);
        this.maxWaiting = properties.maxWaiting();
        this.patienceNanos = properties.patience().toNanos();
        this.pressure = pressure;
        this.meters = meters;
    }

    /** A place inside, perhaps after a moment; refused with 503 when there is none. */
    public Place enter(HttpServletRequest request) {
        int shed = pressure.shareToShed();
        if (shed > 0 && ThreadLocalRandom.current().nextInt(Pressure.ALL) < shed) {
            return orAside(request, OverloadMeters.DELAY);
        }
        // The untimed attempt would pass those who wait.
        if (waiting.get() == 0 && places.tryAcquire()) {
            return place;
        }
        return inOrder(request);
    }

    int waiting() {
        return waiting.get();
    }

    private Place inOrder(HttpServletRequest request) {
        try {
            if (waiting.incrementAndGet() > maxWaiting) {
                return orAside(request, OverloadMeters.CROWD);
            }
            return places.tryAcquire(patienceNanos, TimeUnit.NANOSECONDS)
                    ? place
                    : orAside(request, OverloadMeters.PATIENCE);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return orAside(request, OverloadMeters.PATIENCE);
        } finally {
            waiting.decrementAndGet();
        }
    }

    private Place orAside(HttpServletRequest request, String reason) {
        if (HEALTH.equals(request.getRequestURI())) {
            return aside;
        }
        meters.shed(reason);
        // Those who were refused together need not come back together.
        throw new Refused(Refusal.OVERLOADED, "The gateway has no room for another request.")
                .retryAfter(Duration.ofSeconds(ThreadLocalRandom.current().nextInt(1, 4)));
    }
}
