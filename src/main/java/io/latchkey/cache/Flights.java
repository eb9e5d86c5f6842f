package io.latchkey.cache;

import io.latchkey.problems.Refused;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/**
 * Calls to upstreams that others wait for, because they would ask the same.
 *
 * <p>Only of one begun in the same state of the resource: the answer to an earlier one may be from before a change that
 * the caller knows of.
 */
@Component
final class Flights {
    private final ConcurrentMap<Leg, Flight> flying = new ConcurrentHashMap<>();

    /** What is asked for, and in which state of it as this node and the store know it. */
    record Leg(Place place, long fence, @Nullable String epoch) {}

    /** How a flight ended for those who waited for it. */
    sealed interface Landing {
        /** An answer that was kept at this place. */
        record Kept(Place place, StoredAnswer answer) implements Landing {}

        /** An answer for the one who asked and nobody else; {@code always}: so will the next one be. */
        record Alone(boolean always) implements Landing {}

        /** None, because the upstream refused or answered with this status. */
        record Failed(@Nullable Refused refused, int status) implements Landing {}

        /** None, because who asked went away. */
        record Given() implements Landing {}
    }

    /** One call; whoever made it must land it. */
    static final class Flight {
        private final CompletableFuture<Landing> landing = new CompletableFuture<>();

        /** Null when it did not land in time. */
        @Nullable
        Landing await(long nanos) {
            try {
                return landing.get(nanos, TimeUnit.NANOSECONDS);
            } catch (TimeoutException | ExecutionException e) {
                return null;
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return null;
            }
        }
    }

    /** Null when it is ours: {@code mine} is flying now. */
    @Nullable
    Flight join(Leg leg, Flight mine) {
        return flying.putIfAbsent(leg, mine);
    }

    /** Only the first landing counts. */
    void land(Leg leg, Flight flight, Landing landing) {
        flying.remove(leg, flight);
        flight.landing.complete(landing);
    }
}
