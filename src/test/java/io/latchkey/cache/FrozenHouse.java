package io.latchkey.cache;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeEach;

/** What tests of one cache share: a house whose time only they move, and for each test a path that no other uses. */
abstract class FrozenHouse {
    static final CacheHouse house = CacheHouse.frozen();
    private static final AtomicInteger number = new AtomicInteger();

    String path = "";

    @BeforeEach
    void anew() {
        house.upstream.reset();
        path = "/" + number.incrementAndGet();
    }

    static void pass(Duration time) {
        house.gateway.time().advance(time);
    }
}
