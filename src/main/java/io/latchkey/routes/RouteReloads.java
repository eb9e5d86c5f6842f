package io.latchkey.routes;

import io.latchkey.audit.Act;
import io.latchkey.store.StoreUnavailable;
import java.util.concurrent.locks.ReentrantLock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.context.ApplicationEventPublisher;
import org.springframework.stereotype.Component;

/** Puts other routes in force while the gateway runs: all that is written down, or nothing of it. */
@Component
class RouteReloads {
    private static final Logger LOG = LoggerFactory.getLogger(RouteReloads.class);

    private final Routes routes;
    private final RouteAudit audit;
    private final RouteMeters meters;
    private final ApplicationEventPublisher events;
    private final ReentrantLock oneAtATime = new ReentrantLock();

    RouteReloads(Routes routes, RouteAudit audit, RouteMeters meters, ApplicationEventPublisher events) {
        this.routes = routes;
        this.audit = audit;
        this.meters = meters;
        this.events = events;
    }

    /** For an operator: the entry is written first, so that without the store nothing changes. */
    RouteChange byOperator(Act act) {
        oneAtATime.lock();
        try {
            RouteTable next = routes.read();
            RouteChange change = RouteChange.between(routes.table(), next);
            audit.write(act, change);
            apply(next, change);
            return change;
        } catch (InvalidRoutes e) {
            meters.refused();
            throw e.refused();
        } catch (StoreUnavailable e) {
            meters.unwritten();
            throw e;
        } finally {
            oneAtATime.unlock();
        }
    }

    /** For the file, which is what a restart would read anyway: the entry follows when the store is there. */
    void byFile() {
        oneAtATime.lock();
        try {
            RouteTable next = routes.read();
            RouteChange change = RouteChange.between(routes.table(), next);
            if (!next.version().equals(routes.table().version())) {
                apply(next, change);
                audit.writeSoon(change);
            }
        } catch (InvalidRoutes e) {
            meters.refused();
            LOG.error("The changed routes are refused, those from before stay in force. {}", e.getMessage());
            audit.writeRefusedSoon(e);
        } finally {
            oneAtATime.unlock();
        }
    }

    private void apply(RouteTable next, RouteChange change) {
        routes.use(next);
        meters.applied(change);
        LOG.info("Routes of version {} are in force: {}", change.version(), change);
        if (!change.isEmpty()) {
            try {
                events.publishEvent(new RoutesChanged(next.routes()));
            } catch (RuntimeException e) {
                // The routes are in force whatever a listener makes of it.
                LOG.error("A listener failed to follow the change of the routes", e);
            }
        }
    }
}
