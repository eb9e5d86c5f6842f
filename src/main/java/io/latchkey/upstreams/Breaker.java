package io.latchkey.upstreams;

import io.github.resilience4j.circuitbreaker.CircuitBreaker;
import io.github.resilience4j.circuitbreaker.CircuitBreaker.State;
import io.github.resilience4j.circuitbreaker.CircuitBreakerConfig;
import io.latchkey.routes.Route;
import java.time.Duration;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * The circuit breaker of one server: opens after failures in a row, then lets one request at a time try.
 *
 * <p>Only the call that is on trial decides the trial. The library counts every late result and every released
 * permission, whichever state they come from.
 */
final class Breaker {
    /** The library wants a cause; nobody reads it. */
    private static final class Failure extends Exception {
        Failure() {
            super(null, null, false, false);
        }
    }

    private static final long TRIAL_MILLIS = 1000;

    private final Route.Breaker settings;
    private final InstantSource time;
    private final CircuitBreaker machine;
    private final AtomicReference<@Nullable Turn> trial = new AtomicReference<>();
    private volatile boolean failedLately;
    private volatile long openUntil;

    /**
     * @param longestTrial after which a trial that was never ended counts as failed
     * @param changed told of each change of state, from and to
     */
    Breaker(
            Route.Breaker settings,
            Duration longestTrial,
            boolean disabled,
            InstantSource time,
            BiConsumer<State, State> changed) {
        this.settings = settings;
        this.time = time;
        CircuitBreakerConfig config = CircuitBreakerConfig.custom()
                .initialState(disabled ? State.DISABLED : State.CLOSED)
                .slidingWindow(
                        settings.failures(),
                        settings.failures(),
                        CircuitBreakerConfig.SlidingWindowType.COUNT_BASED,
                        CircuitBreakerConfig.SlidingWindowSynchronizationStrategy.LOCK_FREE)
                .failureRateThreshold(100)
                .waitDurationInOpenState(settings.open())
                .permittedNumberOfCallsInHalfOpenState(1)
                .maxWaitDurationInHalfOpenState(longestTrial)
                .clock(time.withZone(ZoneOffset.UTC))
                .build();
        this.machine = CircuitBreaker.of("upstream", config);
        machine.getEventPublisher().onStateTransition(event -> {
            State to = event.getStateTransition().getToState();
            if (to == State.OPEN) {
                openUntil = time.millis() + settings.open().toMillis();
            }
            changed.accept(event.getStateTransition().getFromState(), to);
        });
    }

    Route.Breaker settings() {
        return settings;
    }

    /** Whether asking for permission is worth it. */
    boolean mayAsk() {
        return switch (machine.getState()) {
            case OPEN -> time.millis() > openUntil;
            case HALF_OPEN -> trial.get() == null;
            default -> true;
        };
    }

    /** Takes the permission for one call, if there is one. */
    boolean permits(Turn turn) {
        if (!machine.tryAcquirePermission()) {
            return false;
        }
        if (machine.getState() == State.HALF_OPEN) {
            trial.set(turn);
        }
        return true;
    }

    void succeeded(Turn turn) {
        State state = machine.getState();
        // While nothing fails, "the last n in a row" needs no record of each success, and threads share no line.
        if (state == State.CLOSED ? failedLately : (state == State.HALF_OPEN && endsTrial(turn))) {
            failedLately = false;
            machine.onSuccess(0, TimeUnit.NANOSECONDS);
        }
    }

    void answering(Turn turn) {
        if (trial.get() == turn) {
            succeeded(turn);
        }
    }

    void failed(Turn turn) {
        State state = machine.getState();
        if (state == State.CLOSED || (state == State.HALF_OPEN && endsTrial(turn))) {
            machine.onError(0, TimeUnit.NANOSECONDS, new Failure());
            // After the record: a success that does not see it yet ended before this failure did.
            failedLately = true;
        }
    }

    void released(Turn turn) {
        if (endsTrial(turn) && machine.getState() == State.HALF_OPEN) {
            machine.releasePermission();
        }
    }

    private boolean endsTrial(Turn turn) {
        return trial.get() == turn && trial.compareAndSet(turn, null);
    }

    boolean isClosed() {
        State state = machine.getState();
        return state == State.CLOSED || state == State.DISABLED;
    }

    /** How long to wait before it is worth asking again, in milliseconds. */
    long rest() {
        return switch (machine.getState()) {
            case OPEN -> Math.max(0, openUntil - time.millis());
            case HALF_OPEN -> TRIAL_MILLIS;
            default -> 0;
        };
    }

    /** Open only as long as it refuses: a server that nobody calls would stay open for ever. */
    State state() {
        State state = machine.getState();
        return state == State.OPEN && mayAsk() ? State.HALF_OPEN : state;
    }
}
