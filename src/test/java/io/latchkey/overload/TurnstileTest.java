package io.latchkey.overload;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class TurnstileTest {
    private final Turnstile turnstile = new Turnstile();

    @Test
    void whoWaitsInsideHoldsNobodyUpOutside() throws InterruptedException {
        int callers = 20 * Turnstile.STARTING;
        CountDownLatch begun = new CountDownLatch(callers);
        CountDownLatch end = new CountDownLatch(1);
        AtomicInteger ended = new AtomicInteger();
        for (int i = 0; i < callers; i++) {
            turnstile.execute(() -> {
                begun.countDown();
                try {
                    end.await();
                    ended.incrementAndGet();
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
            });
        }
        begun.await();
        end.countDown();
        await().dontCatchUncaughtExceptions().until(() -> ended.get() == callers);
    }

    @Test
    void aCrowdIsSeenWhileItWaitsAndNoLonger() {
        Queue<Runnable> started = new ArrayDeque<>();
        Turnstile still = new Turnstile(started::add);
        AtomicInteger ran = new AtomicInteger();
        for (int i = 0; i < Turnstile.CROWD; i++) {
            still.execute(ran::incrementAndGet);
        }
        assertThat(started).hasSize(Turnstile.STARTING);
        assertThat(still.isCrowded()).isFalse();
        still.execute(ran::incrementAndGet);
        assertThat(still.isCrowded()).isTrue();
        for (Runnable thread = started.poll(); thread != null; thread = started.poll()) {
            thread.run();
            assertThat(started).hasSizeLessThanOrEqualTo(Turnstile.STARTING);
        }
        assertThat(ran).hasValue(Turnstile.CROWD + 1);
        assertThat(still.isCrowded()).isFalse();
    }

    @Test
    void everyOneOfManyRunsOnceWhateverTheOthersDo() {
        int callers = 20_000;
        AtomicInteger[] runs =
                IntStream.range(0, callers).mapToObj(i -> new AtomicInteger()).toArray(AtomicInteger[]::new);
        Thread.UncaughtExceptionHandler before = Thread.getDefaultUncaughtExceptionHandler();
        AtomicInteger failures = new AtomicInteger();
        Thread.setDefaultUncaughtExceptionHandler((thread, failure) -> failures.incrementAndGet());
        try {
            IntStream.range(0, callers)
                    .parallel()
                    .forEach(i -> turnstile.execute(() -> {
                        runs[i].incrementAndGet();
                        if (i % 7 == 0) {
                            throw new IllegalStateException("one of many");
                        }
                    }));
            await().dontCatchUncaughtExceptions()
                    .until(() -> IntStream.range(0, callers).allMatch(i -> runs[i].get() > 0));
            await().dontCatchUncaughtExceptions().until(() -> failures.get() == (callers + 6) / 7);
        } finally {
            Thread.setDefaultUncaughtExceptionHandler(before);
        }
        assertThat(runs).allMatch(run -> run.get() == 1);
    }
}
