package io.latchkey.upstreams;

import static org.assertj.core.api.Assertions.assertThat;

import io.latchkey.routes.Route;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Retries never double the load of what is already failing. */
class RetryBudgetTest {
    private static final String ONE = "upstreams: ['http://a.test:1']";

    private final Bench bench = Bench.withoutBreakers();

    @AfterEach
    void close() {
        bench.close();
    }

    @Test
    void aMinuteOfNothingButFailureCostsAFifthMore() {
        Route route = bench.follow(ONE);
        int offered = 0;
        int attempts = 0;
        for (int tenths = 0; tenths < 600; tenths++) {
            for (int i = 0; i < 10; i++) {
                offered++;
                attempts++;
                bench.fail(route);
                for (int retry = 0; retry < 2 && bench.upstreams.mayTryAgain(route); retry++) {
                    attempts++;
                }
            }
            bench.pass(Duration.ofMillis(100));
        }
        assertThat(offered).isEqualTo(6000);
        assertThat(attempts).isBetween((int) (1.15 * offered), (int) (1.2 * offered) + RetryBudget.FLOOR);
    }

    @Test
    void whatCameBeforeTheFailureIsCredit() {
        Route route = bench.follow(ONE);
        for (int second = 0; second < 60; second++) {
            bench.shares(route, 100);
            bench.pass(Duration.ofSeconds(1));
        }
        // The last ten seconds, of which one has just begun.
        assertThat(granted(route, 1000)).isEqualTo(900 / 5);
    }

    @Test
    void aFewAreAllowedWhereThereIsHardlyTraffic() {
        Route route = bench.follow(ONE);
        assertThat(granted(route, 100)).isEqualTo(RetryBudget.FLOOR);
        bench.pass(Duration.ofSeconds(9));
        assertThat(granted(route, 100)).isZero();
        bench.pass(Duration.ofSeconds(1));
        assertThat(granted(route, 100)).isEqualTo(RetryBudget.FLOOR);
        bench.pass(Duration.ofHours(1));
        assertThat(granted(route, 100)).isEqualTo(RetryBudget.FLOOR);
    }

    @Test
    void retriesThemselvesEarnNothing() {
        Route route = bench.follow(ONE);
        bench.shares(route, 100);
        try (Turn first = bench.choose(route)) {
            for (int i = 0; i < 1000; i++) {
                bench.upstreams.choose(route, List.of(first)).close();
            }
        }
        assertThat(granted(route, 1000)).isEqualTo(101 / 5);
    }

    @Test
    void manyAtOnceDoNotOverdrawIt() throws Exception {
        Route route = bench.follow(ONE);
        bench.shares(route, 1000);
        try (ExecutorService threads = Executors.newFixedThreadPool(8)) {
            List<Callable<Boolean>> asking = IntStream.range(0, 1000)
                    .<Callable<Boolean>>mapToObj(unused -> () -> bench.upstreams.mayTryAgain(route))
                    .toList();
            assertThat(threads.invokeAll(asking).stream()
                            .filter(Future::resultNow)
                            .count())
                    .isEqualTo(200);
        }
    }

    private long granted(Route route, int asked) {
        return IntStream.range(0, asked)
                .filter(unused -> bench.upstreams.mayTryAgain(route))
                .count();
    }
}
