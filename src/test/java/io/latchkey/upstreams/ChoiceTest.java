package io.latchkey.upstreams;

import static io.latchkey.upstreams.Bench.A;
import static io.latchkey.upstreams.Bench.B;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.latchkey.routes.Route;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Which server the next request goes to. */
class ChoiceTest {
    private static final int MANY = 20_000;
    private static final String TWO = "upstreams: ['http://a.test:1', 'http://b.test:2']";
    private static final String ONE_TO_NINE =
            "upstreams: [{ url: 'http://a.test:1', weight: 1 }, { url: 'http://b.test:2', weight: 9 }]";

    private final Bench bench = Bench.withBreakers();

    @AfterEach
    void close() {
        bench.close();
    }

    @Test
    void aServersAddressIsGivenAsItIsConfigured() {
        Route route = bench.follow("upstreams: ['http://a.test/base/']");
        try (Turn turn = bench.choose(route)) {
            assertThat(turn.uri()).isEqualTo(URI.create("http://a.test/base/"));
            assertThat(turn.authority()).isEqualTo("a.test");
            assertThat(turn.basePath()).isEqualTo("/base");
        }
    }

    @Test
    void oneAfterAnotherRequestsAreSharedByWeight() {
        Route route = bench.follow(ONE_TO_NINE);
        assertThat(bench.shares(route, MANY).get(A)).isCloseTo(MANY / 10, sixSigma(MANY, 0.1));
    }

    @Test
    void weightsHoldWhileRequestsOverlap() {
        Route route = bench.follow(ONE_TO_NINE);
        for (int concurrency : new int[] {2, 10, 50}) {
            Map<URI, Integer> shares = overlapping(route, concurrency);
            assertThat(shares.get(A))
                    .as("share of a tenth with %d in flight", concurrency)
                    .isBetween(MANY / 20, MANY / 7);
        }
    }

    @Test
    void weightZeroGetsNothing() {
        Route route = bench.follow(
                "upstreams: [{ url: 'http://a.test:1', weight: 0 }, 'http://b.test:2', 'http://c.test:3']");
        assertThat(bench.shares(route, 1000)).doesNotContainKey(A).containsKey(B);
    }

    @Test
    void anAddressThatIsGivenTwiceHasBothWeights() {
        Route route = bench.follow("upstreams: ['http://a.test:1', 'http://b.test:2', 'http://a.test:1']");
        assertThat(bench.shares(route, MANY).get(A)).isCloseTo(MANY * 2 / 3, sixSigma(MANY, 2.0 / 3));
    }

    @Test
    void ofTwoTheLessBusyIsAsked() {
        Route route = bench.follow(TWO);
        List<Turn> open = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            Turn busy = bench.upstreams.choose(route, turnsAt(route, B));
            assertThat(busy.uri()).isEqualTo(A);
            open.add(busy);
        }
        for (int i = 0; i < 10; i++) {
            Turn turn = bench.choose(route);
            assertThat(turn.uri()).isEqualTo(B);
            open.add(turn);
        }
        open.forEach(Turn::close);
        assertThat(bench.inFlight()).isZero();
    }

    @Test
    void aRetryGoesElsewhereWhileThereIsAnElsewhere() {
        Route route = bench.follow(TWO);
        for (int i = 0; i < 100; i++) {
            try (Turn first = bench.choose(route);
                    Turn second = bench.upstreams.choose(route, List.of(first));
                    Turn third = bench.upstreams.choose(route, List.of(first, second))) {
                assertThat(second.uri()).isNotEqualTo(first.uri());
                assertThat(third.uri()).isIn(A, B);
            }
        }
    }

    @Test
    void aServerThatCameBackStartsWithATenthAndGrows() {
        Route route = bench.follow(TWO + ", slowStart: 100s, breaker: { failures: 3, open: 10s }");
        bench.eject(route, A, 3);
        bench.pass(Duration.ofMillis(10_001));
        while (!bench.shares(route, 1).containsKey(A)) {}

        // A tenth against a whole: one in eleven; half against a whole: one in three.
        assertThat(bench.shares(route, MANY).get(A)).isCloseTo(MANY / 11, sixSigma(MANY, 1.0 / 11));
        bench.pass(Duration.ofSeconds(50));
        assertThat(bench.shares(route, MANY).get(A)).isCloseTo(MANY / 3, sixSigma(MANY, 1.0 / 3));
        bench.pass(Duration.ofSeconds(50));
        assertThat(bench.shares(route, MANY).get(A)).isCloseTo(MANY / 2, sixSigma(MANY, 0.5));
    }

    @Test
    void aServerThatIsAddedStartsSlowlyTooButNotAtTheStartOfAll() {
        Route alone = bench.follow("upstreams: ['http://b.test:2'], slowStart: 100s");
        bench.succeed(alone);
        Route route = bench.follow(TWO + ", slowStart: 100s");
        assertThat(bench.shares(route, MANY).get(A)).isCloseTo(MANY / 11, sixSigma(MANY, 1.0 / 11));
    }

    @Test
    void everyWayToCloseATurnLeavesNothingInFlight() {
        Route route = bench.follow(TWO);
        for (int i = 0; i < 1000; i++) {
            Turn turn = bench.choose(route);
            switch (i % 7) {
                case 0 -> turn.succeeded(200);
                case 1 -> turn.succeeded(503);
                case 2 -> turn.failed();
                case 3 -> {
                    turn.succeeded(200);
                    turn.failed();
                }
                case 4 -> turn.close();
                case 5 -> turn.answering(200);
                default -> {}
            }
            assertThat(bench.inFlight()).isLessThanOrEqualTo(1);
            turn.close();
            turn.close();
        }
        assertThat(bench.inFlight()).isZero();
    }

    /** Of {@link #MANY} requests, of which {@code concurrency} are always under way. */
    private Map<URI, Integer> overlapping(Route route, int concurrency) {
        Map<URI, Integer> shares = new HashMap<>();
        Deque<Turn> open = new ArrayDeque<>();
        for (int i = 0; i < MANY; i++) {
            if (open.size() == concurrency) {
                open.removeFirst().close();
            }
            Turn turn = bench.choose(route);
            shares.merge(turn.uri(), 1, Integer::sum);
            open.add(turn);
        }
        open.forEach(Turn::close);
        return shares;
    }

    private List<Turn> turnsAt(Route route, URI uri) {
        while (true) {
            try (Turn turn = bench.choose(route)) {
                if (turn.uri().equals(uri)) {
                    return List.of(turn);
                }
                try (Turn other = bench.upstreams.choose(route, List.of(turn))) {
                    return List.of(other);
                }
            }
        }
    }

    private static Offset<Integer> sixSigma(int requests, double share) {
        return within((int) (6 * Math.sqrt(requests * share * (1 - share))));
    }
}
