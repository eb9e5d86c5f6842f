package io.latchkey.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class StoreClockTest {
    private static final Duration TOLERANCE = Duration.ofSeconds(5);
    private final StoreClock clock = new StoreClock();

    @Test
    void isTheSystemClockUntilRedisWasAsked() {
        assertThat(clock.instant()).isCloseTo(Instant.now(), within(TOLERANCE));
        assertThat(clock.millis()).isCloseTo(Instant.now().toEpochMilli(), within(TOLERANCE.toMillis()));
    }

    @Test
    void followsRedisAndNotTheSystemClock() {
        Instant redis = Instant.now().plus(1, ChronoUnit.HOURS);
        sample(redis, Duration.ofMillis(1));
        assertThat(clock.instant()).isCloseTo(redis, within(TOLERANCE));
    }

    @Test
    void ignoresASampleThatTookTooLongToSayMore() {
        long sent = System.nanoTime();
        long micros = ChronoUnit.MICROS.between(Instant.EPOCH, Instant.now());
        clock.measured(sent, sent + TimeUnit.MILLISECONDS.toNanos(1), micros);
        long before = clock.millis() - TimeUnit.NANOSECONDS.toMillis(System.nanoTime());
        clock.measured(sent, sent + TimeUnit.MILLISECONDS.toNanos(4000), micros + 3_000_000);
        assertThat(clock.millis() - TimeUnit.NANOSECONDS.toMillis(System.nanoTime()))
                .isCloseTo(before, within(500L));
    }

    @Test
    void believesASlowSampleThatNoErrorOfItsOwnExplains() {
        Instant redis = Instant.now().minus(1, ChronoUnit.HOURS);
        sample(redis, Duration.ofMillis(40));
        assertThat(clock.instant()).isCloseTo(redis, within(TOLERANCE));
    }

    @Test
    void doesNotRunBackOverADifferenceThatMayBeNoise() {
        long sent = System.nanoTime();
        long micros = ChronoUnit.MICROS.between(Instant.EPOCH, Instant.now());
        clock.measured(sent, sent + TimeUnit.MILLISECONDS.toNanos(1), micros);
        Instant before = clock.instant();
        clock.measured(sent, sent + TimeUnit.MILLISECONDS.toNanos(10), micros + 3000);
        assertThat(clock.instant()).isAfterOrEqualTo(before);
    }

    private void sample(Instant redis, Duration roundTrip) {
        long sent = System.nanoTime();
        clock.measured(sent, sent + roundTrip.toNanos(), ChronoUnit.MICROS.between(Instant.EPOCH, redis));
    }
}
