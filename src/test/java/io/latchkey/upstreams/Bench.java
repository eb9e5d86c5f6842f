package io.latchkey.upstreams;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.latchkey.FakeTime;
import io.latchkey.Seed;
import io.latchkey.problems.Refusal;
import io.latchkey.problems.Refused;
import io.latchkey.routes.Route;
import io.latchkey.routes.TestRoutes;
import java.net.URI;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/** Upstreams on a bench: time that only the test moves, chance that can be repeated. */
final class Bench implements AutoCloseable {
    static final URI A = URI.create("http://a.test:1");
    static final URI B = URI.create("http://b.test:2");

    final FakeTime time = new FakeTime();
    final Upstreams upstreams;

    private Bench(boolean breakersDisabled) {
        Random random = Seed.random();
        upstreams = new Upstreams(new UpstreamsProperties(breakersDisabled), time, () -> random);
    }

    static Bench withBreakers() {
        return new Bench(false);
    }

    static Bench withoutBreakers() {
        return new Bench(true);
    }

    /** The only route from now on. */
    Route follow(String fields) {
        Route route = TestRoutes.route("test", fields);
        upstreams.follow(List.of(route));
        return route;
    }

    Turn choose(Route route) {
        return upstreams.choose(route, List.of());
    }

    void succeed(Route route) {
        try (Turn turn = choose(route)) {
            turn.succeeded(200);
        }
    }

    void fail(Route route) {
        try (Turn turn = choose(route)) {
            turn.failed();
        }
    }

    void failTimes(Route route, int times) {
        for (int i = 0; i < times; i++) {
            fail(route);
        }
    }

    /** Fails {@code uri} until it is left alone, while all others answer. */
    void eject(Route route, URI uri, int failures) {
        for (int failed = 0; failed < failures; ) {
            try (Turn turn = choose(route)) {
                if (turn.uri().equals(uri)) {
                    turn.failed();
                    failed++;
                } else {
                    turn.succeeded(200);
                }
            }
        }
    }

    /** How many of {@code requests}, one after another, each server gets. */
    Map<URI, Integer> shares(Route route, int requests) {
        Map<URI, Integer> shares = new HashMap<>();
        for (int i = 0; i < requests; i++) {
            try (Turn turn = choose(route)) {
                shares.merge(turn.uri(), 1, Integer::sum);
                turn.succeeded(200);
            }
        }
        return shares;
    }

    Refused refused(Route route) {
        Refused refused = catchThrowableOfType(Refused.class, () -> choose(route));
        assertThat(refused).as("refusal").isNotNull();
        assertThat(refused.refusal()).isEqualTo(Refusal.CIRCUIT_OPEN);
        return refused;
    }

    void assertRefused(Route route) {
        refused(route);
    }

    long inFlight() {
        return upstreams.balancers().stream()
                .flatMap(balancer -> balancer.upstreams().stream())
                .mapToLong(Upstream::inFlight)
                .sum();
    }

    void pass(Duration duration) {
        time.advance(duration);
    }

    @Override
    public void close() {
        upstreams.close();
    }
}
