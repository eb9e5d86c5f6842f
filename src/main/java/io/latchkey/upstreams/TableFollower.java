package io.latchkey.upstreams;

import io.latchkey.routes.Routes;
import io.latchkey.routes.RoutesChanged;
import org.springframework.context.SmartLifecycle;
import org.springframework.context.event.EventListener;
import org.springframework.stereotype.Component;

/** Tells the upstreams which routes there are, before the first request comes. */
@Component
final class TableFollower implements SmartLifecycle {
    private final Routes routes;
    private final Upstreams upstreams;
    private final WarmConnections warm;
    private volatile boolean running;

    TableFollower(Routes routes, Upstreams upstreams, WarmConnections warm) {
        this.routes = routes;
        this.upstreams = upstreams;
        this.warm = warm;
    }

    @Override
    public synchronized void start() {
        running = true;
        follow();
    }

    @EventListener
    synchronized void changed(RoutesChanged unused) {
        if (running) {
            follow();
        }
    }

    private void follow() {
        upstreams.follow(routes.all());
        warm.follow(upstreams.balancers());
    }

    @Override
    public synchronized void stop() {
        running = false;
        warm.close();
        upstreams.close();
    }

    @Override
    public boolean isRunning() {
        return running;
    }

    /** Before the web server starts, and after it has drained. */
    @Override
    public int getPhase() {
        return 0;
    }
}
