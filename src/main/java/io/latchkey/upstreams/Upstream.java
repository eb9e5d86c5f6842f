package io.latchkey.upstreams;

import io.github.resilience4j.circuitbreaker.CircuitBreaker.State;
import io.latchkey.routes.Route;
import io.latchkey.wire.Endpoint;
import java.net.URI;
import java.time.Duration;
import java.time.InstantSource;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One server behind a route: whether it may be asked, how busy it is, and since when it is back. */
final class Upstream {
    private static final Logger log = LoggerFactory.getLogger(Upstream.class);
    private static final long ALWAYS = Long.MIN_VALUE;

    /** What one unit of weight is worth when a server has its full share. */
    static final int FULL = 1000;

    private static final int LEAST = FULL / 10;

    private final String route;
    private final URI uri;
    private final Endpoint endpoint;
    private final String basePath;
    private final InstantSource time;
    private final Breaker breaker;
    private final LongAdder inFlight = new LongAdder();
    private final LongAdder ejections = new LongAdder();
    private volatile boolean down;
    private volatile long backSince;

    /** @param isNew whether it joins servers that are already at work */
    Upstream(Route route, URI uri, boolean isNew, boolean breakersDisabled, InstantSource time) {
        this.route = route.id();
        this.uri = uri;
        this.endpoint = Endpoint.of(uri, route.allowLinkLocal());
        String path = uri.getRawPath();
        this.basePath = path.endsWith("/") ? path.substring(0, path.length() - 1) : path;
        this.time = time;
        this.backSince = isNew ? time.millis() : ALWAYS;
        this.breaker = new Breaker(route.breaker(), route.timeout().total(), breakersDisabled, time, this::changed);
    }

    URI uri() {
        return uri;
    }

    Endpoint endpoint() {
        return endpoint;
    }

    /** Whether this is what the route says about that server; then what is known of it holds. */
    boolean isAs(Route other, URI address) {
        return uri.equals(address)
                && breaker.settings().equals(other.breaker())
                && endpoint.allowLinkLocal() == other.allowLinkLocal();
    }

    String authority() {
        return uri.getRawAuthority();
    }

    String basePath() {
        return basePath;
    }

    /** Host and port, the port always. */
    String hostAndPort() {
        return endpoint.host() + ':' + endpoint.port();
    }

    Breaker breaker() {
        return breaker;
    }

    /** A try at this server; null when its breaker has no permission left. */
    @Nullable
    Turn take() {
        Turn turn = new Turn(this);
        if (!breaker.permits(turn)) {
            return null;
        }
        inFlight.increment();
        return turn;
    }

    void left() {
        inFlight.decrement();
    }

    long inFlight() {
        return inFlight.sum();
    }

    long ejections() {
        return ejections.sum();
    }

    boolean isDown() {
        return down;
    }

    /** What its health checks came to. */
    void isDown(boolean nowDown) {
        if (down == nowDown) {
            return;
        }
        if (nowDown) {
            ejections.increment();
            log.warn("route {}: {} fails its health checks and gets no requests", route, hostAndPort());
        } else {
            backSince = time.millis();
            log.info("route {}: {} passes its health checks again", route, hostAndPort());
        }
        down = nowDown;
    }

    private void changed(State from, State to) {
        if (from == State.CLOSED && to == State.OPEN) {
            ejections.increment();
            Route.Breaker settings = breaker.settings();
            log.warn(
                    "route {}: {} failed {} times in a row and is left alone for {}",
                    route,
                    hostAndPort(),
                    settings.failures(),
                    settings.open());
        } else if (from == State.HALF_OPEN && to == State.CLOSED) {
            backSince = time.millis();
            log.info("route {}: {} answers again", route, hostAndPort());
        }
    }

    /** Its share in thousandths of its weight; grows from a tenth to the whole while it is new or back again. */
    long share(int weight, Duration slowStart) {
        long since = backSince;
        if (since == ALWAYS || slowStart.isZero()) {
            return (long) weight * FULL;
        }
        long length = slowStart.toMillis();
        long age = Math.max(0, time.millis() - since);
        return weight * (age >= length ? FULL : Math.max(LEAST, FULL * age / length));
    }
}
