package io.latchkey.upstreams;

import io.latchkey.routes.Route;

/** Checks one server again and again, and says when it goes and when it is back. */
final class HealthWatch implements AutoCloseable {
    private final Upstream upstream;
    private final Route.HealthCheck check;
    private final HealthProbe probe;
    private final Rounds rounds;
    private volatile boolean closed;
    private int inARow;

    HealthWatch(Upstream upstream, Route.HealthCheck check) {
        this.upstream = upstream;
        this.check = check;
        this.probe = new HealthProbe(upstream.endpoint(), upstream.authority(), check);
        this.rounds = Rounds.start("health-" + upstream.hostAndPort(), check.interval(), this::judge);
    }

    Route.HealthCheck check() {
        return check;
    }

    private void judge() {
        boolean passed = probe.passes();
        // Counted are the results that speak against what is believed now.
        inARow = passed == upstream.isDown() ? inARow + 1 : 0;
        if (!closed && inARow >= (passed ? check.healthy() : check.unhealthy())) {
            inARow = 0;
            upstream.isDown(!passed);
        }
    }

    @Override
    public void close() {
        closed = true;
        rounds.close();
    }
}
