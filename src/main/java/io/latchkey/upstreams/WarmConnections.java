package io.latchkey.upstreams;

import io.latchkey.wire.Wire;
import io.latchkey.wire.WireFailure;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.stereotype.Component;

/** Keeps connections ready to the servers of routes that ask for it: the first call after a quiet night needs none. */
@Component
final class WarmConnections implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(WarmConnections.class);
    private static final Duration EVERY = Duration.ofSeconds(1);

    private final Wire wire;
    private final List<Rounds> kept = new ArrayList<>();

    WarmConnections(Wire wire) {
        this.wire = wire;
    }

    /** From now on for these. */
    synchronized void follow(Collection<Balancer> balancers) {
        close();
        for (Balancer balancer : balancers) {
            if (balancer.route().warm() > 0) {
                for (Upstream upstream : balancer.asked()) {
                    kept.add(Rounds.start("warm-" + upstream.hostAndPort(), EVERY, () -> warm(balancer, upstream)));
                }
            }
        }
    }

    private void warm(Balancer balancer, Upstream upstream) {
        if (upstream.isDown() || !upstream.breaker().isClosed()) {
            return;
        }
        try {
            wire.keepWarm(
                    upstream.endpoint(),
                    balancer.route().warm(),
                    balancer.route().timeout().connect());
        } catch (WireFailure e) {
            // Whether that is a failure of the server, a request will find out.
            log.debug("route {}: no warm connection to {}", balancer.route().id(), upstream.hostAndPort(), e);
        }
    }

    @Override
    public synchronized void close() {
        kept.forEach(Rounds::close);
        kept.clear();
    }
}
