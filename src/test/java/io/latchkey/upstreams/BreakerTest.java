package io.latchkey.upstreams;

import static io.latchkey.upstreams.Bench.A;
import static io.latchkey.upstreams.Bench.B;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.resilience4j.circuitbreaker.CircuitBreaker.State;
import io.latchkey.Gateway;
import io.latchkey.Gateway.Answer;
import io.latchkey.routes.Route;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A server that fails is left alone, tried again by one request, and then trusted again. */
class BreakerTest {
    private static final String ONE = "upstreams: ['http://a.test:1']";
    private static final String TWO = "upstreams: ['http://a.test:1', 'http://b.test:2']";
    private static final Duration OPEN = Duration.ofSeconds(60);
    private static final Duration JUST_OVER = OPEN.plusMillis(1);

    private final Bench bench = Bench.withBreakers();

    @AfterEach
    void close() {
        bench.close();
    }

    @Test
    void fiveFailuresInARowOpenItForAMinuteUnlessTheRouteSaysOtherwise() {
        Route route = bench.follow(ONE);
        bench.failTimes(route, 4);
        bench.succeed(route);
        bench.failTimes(route, 5);
        assertThat(bench.refused(route).headers()).containsEntry("Retry-After", "60");
        bench.pass(Duration.ofSeconds(45));
        assertThat(bench.refused(route).headers()).containsEntry("Retry-After", "15");
        bench.pass(Duration.ofMillis(15_001));
        bench.succeed(route);
        bench.succeed(route);
    }

    @Test
    void oneSuccessInBetweenStartsTheCountAgain() {
        Route route = bench.follow(ONE + ", breaker: { failures: 3 }");
        for (int round = 0; round < 50; round++) {
            bench.failTimes(route, 2);
            bench.succeed(route);
            for (int i = 0; i < round % 5; i++) {
                bench.succeed(route);
            }
        }
        bench.failTimes(route, 3);
        bench.assertRefused(route);
    }

    @ParameterizedTest
    @ValueSource(ints = {502, 503, 504})
    void answersThatSayTheServerIsGoneAreFailures(int status) {
        Route route = bench.follow(ONE);
        for (int i = 0; i < 5; i++) {
            try (Turn turn = bench.choose(route)) {
                turn.answering(status);
                turn.succeeded(status);
            }
        }
        bench.assertRefused(route);
    }

    @ParameterizedTest
    @ValueSource(ints = {200, 304, 404, 429, 500, 501, 505})
    void otherAnswersAreNot(int status) {
        Route route = bench.follow(ONE);
        for (int i = 0; i < 20; i++) {
            try (Turn turn = bench.choose(route)) {
                turn.succeeded(status);
            }
        }
        bench.succeed(route);
    }

    @Test
    void theFirstVerdictCounts() {
        Route route = bench.follow(ONE);
        for (int i = 0; i < 20; i++) {
            try (Turn turn = bench.choose(route)) {
                turn.succeeded(200);
                turn.failed();
            }
        }
        bench.succeed(route);
    }

    @Test
    void whatEndsWithoutAVerdictIsNobodysFault() {
        Route route = bench.follow(ONE);
        for (int i = 0; i < 20; i++) {
            bench.choose(route).close();
        }
        bench.succeed(route);
    }

    @Test
    void anEjectedServerGetsNothingUntilItIsTriedAgain() {
        Route route = bench.follow(TWO);
        bench.eject(route, A, 5);
        assertThat(bench.shares(route, 1000)).doesNotContainKey(A);
        try (Turn first = bench.choose(route);
                Turn second = bench.upstreams.choose(route, List.of(first))) {
            assertThat(second.uri()).as("B again, as A may not be asked").isEqualTo(B);
        }
        bench.pass(JUST_OVER);
        assertThat(bench.shares(route, 1000)).containsKeys(A, B);
    }

    @Test
    void allEjectedIsRefusedWithTheShortestWait() {
        Route route = bench.follow(TWO);
        bench.eject(route, A, 5);
        bench.pass(Duration.ofSeconds(20));
        bench.eject(route, B, 5);
        assertThat(bench.refused(route).headers()).containsEntry("Retry-After", "40");
    }

    @Test
    void oneRequestAtATimeTriesTheServer() throws Exception {
        Route route = bench.follow(ONE);
        bench.failTimes(route, 5);
        bench.pass(JUST_OVER);
        AtomicInteger refused = new AtomicInteger();
        try (ExecutorService threads = Executors.newFixedThreadPool(8)) {
            List<Turn> granted = threads
                    .invokeAll(IntStream.range(0, 200)
                            .<java.util.concurrent.Callable<List<Turn>>>mapToObj(unused -> () -> {
                                try {
                                    return List.of(bench.choose(route));
                                } catch (io.latchkey.problems.Refused e) {
                                    refused.incrementAndGet();
                                    return List.of();
                                }
                            })
                            .toList())
                    .stream()
                    .map(Future::resultNow)
                    .flatMap(List::stream)
                    .toList();
            assertThat(granted).hasSize(1);
            assertThat(refused).hasValue(199);
            assertThat(bench.refused(route).headers()).containsEntry("Retry-After", "1");
            granted.getFirst().succeeded(200);
            granted.getFirst().close();
        }
        assertThat(bench.shares(route, 100)).containsEntry(A, 100);
    }

    @Test
    void aTrialThatFailsOpensItAgain() {
        Route route = bench.follow(ONE);
        bench.failTimes(route, 5);
        for (int round = 0; round < 3; round++) {
            bench.pass(JUST_OVER);
            bench.fail(route);
            assertThat(bench.refused(route).headers()).containsEntry("Retry-After", "60");
        }
    }

    @Test
    void aTrialWhoseCallerLeftIsPassedOn() {
        Route route = bench.follow(ONE);
        bench.failTimes(route, 5);
        bench.pass(JUST_OVER);
        for (int i = 0; i < 10; i++) {
            try (Turn trial = bench.choose(route)) {
                assertThat(trial.uri()).isEqualTo(A);
                bench.assertRefused(route);
            }
        }
        bench.succeed(route);
        assertThat(bench.shares(route, 100)).containsEntry(A, 100);
    }

    @Test
    void aTrialIsPassedWhenItsAnswerBegins() {
        Route route = bench.follow(ONE);
        bench.failTimes(route, 5);
        bench.pass(JUST_OVER);
        try (Turn stream = bench.choose(route)) {
            stream.answering(200);
            bench.succeed(route);
            bench.failTimes(route, 4);
            stream.failed();
        }
        bench.assertRefused(route);
    }

    @Test
    void aTrialThatIsNeverEndedDoesNotPinIt() {
        Route route = bench.follow(ONE + ", timeout: { total: 1s }");
        bench.failTimes(route, 5);
        bench.pass(JUST_OVER);
        Turn lost = bench.choose(route);
        await().until(() -> state() == State.OPEN);
        bench.pass(JUST_OVER);
        try (Turn next = bench.choose(route)) {
            lost.close();
            bench.assertRefused(route);
            next.succeeded(200);
        }
        bench.succeed(route);
    }

    @Test
    void whatBeganBeforeItOpenedDecidesNothing() {
        Route route = bench.follow(ONE);
        Turn success = bench.choose(route);
        Turn failure = bench.choose(route);
        Turn neither = bench.choose(route);
        bench.failTimes(route, 5);
        bench.pass(JUST_OVER);
        try (Turn trial = bench.choose(route)) {
            success.succeeded(200);
            neither.close();
            bench.assertRefused(route);
            failure.failed();
            trial.succeeded(200);
        }
        bench.succeed(route);
        success.close();
        failure.close();
        assertThat(bench.inFlight()).isZero();
    }

    @Test
    void switchedOffNothingIsRefused() {
        try (Bench off = Bench.withoutBreakers()) {
            Route route = off.follow(ONE);
            off.failTimes(route, 1000);
            off.succeed(route);
        }
    }

    @Test
    void operatorsSeeTheStates() {
        Answer details = Gateway.shared().admin("GET", "/health/detailed", "");
        assertThat(details.get("checks.circuitBreakers.status")).isEqualTo("healthy");
        assertThat(details.json().at("/checks/circuitBreakers/healthy").asBoolean())
                .isTrue();
        assertThat(details.json().at("/checks/circuitBreakers/disabled").asBoolean())
                .isFalse();
        assertThat(details.json().at("/checks/circuitBreakers/states").properties())
                .anySatisfy(state -> {
                    assertThat(state.getKey()).matches("demo 127\\.0\\.0\\.1:[0-9]+");
                    assertThat(state.getValue().asString()).isEqualTo("closed");
                });
    }

    @Test
    void anOpenBreakerIsNoFaultOfThisNode() {
        Route route = bench.follow(TWO);
        bench.eject(route, A, 5);
        var health = new BreakerHealth(bench.upstreams).health();
        assertThat(health.getStatus().getCode()).isEqualTo("UP");
        assertThat(health.getDetails())
                .containsEntry("healthy", false)
                .containsEntry("states", java.util.Map.of("test a.test:1", "open", "test b.test:2", "closed"));
        bench.pass(JUST_OVER);
        assertThat(new BreakerHealth(bench.upstreams).health().getDetails())
                .as("it no longer refuses")
                .containsEntry("healthy", true);
    }

    private State state() {
        return bench.upstreams
                .balancers()
                .iterator()
                .next()
                .upstreams()
                .getFirst()
                .breaker()
                .state();
    }
}
