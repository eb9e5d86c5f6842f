package io.latchkey.routes;

import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.boot.context.event.ApplicationReadyEvent;
import org.springframework.context.event.EventListener;
import org.springframework.stereotype.Component;

/**
 * Looks whether the routes file holds something else.
 *
 * <p>It compares the content, not the time of change: Kubernetes swaps a symbolic link to a directory, editors rename,
 * and two changes may share a time stamp. A change counts when it stood still for one look, so that a file is not read
 * while it is being written.
 */
@Component
class RouteFileWatch implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(RouteFileWatch.class);

    private final RouteSource source;
    private final RouteReloads reloads;
    private final RouteAudit audit;
    private final long everyMillis;
    private final ScheduledExecutorService clock = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().daemon().name("routes-file").factory());
    private @Nullable ScheduledFuture<?> looks;
    private String judged;
    private String last;

    RouteFileWatch(
            RouteSource source, Routes routes, RouteReloads reloads, RouteAudit audit, RoutesProperties properties) {
        this.source = source;
        this.reloads = reloads;
        this.audit = audit;
        this.everyMillis = properties.routesWatch().toMillis();
        this.judged = routes.table().version();
        this.last = judged;
    }

    @EventListener(ApplicationReadyEvent.class)
    void begin() {
        if (source.isFile() && everyMillis > 0) {
            looks = clock.scheduleWithFixedDelay(this::look, everyMillis, everyMillis, TimeUnit.MILLISECONDS);
        }
    }

    private void look() {
        try {
            audit.writeWaiting();
            String now = source.fileVersion();
            if (now.equals(last) && !now.equals(judged)) {
                judged = now;
                reloads.byFile();
            }
            last = now;
        } catch (RuntimeException e) {
            // An exception out of here would end the watch.
            LOG.error("The routes file could not be looked at", e);
        }
    }

    @Override
    public void close() {
        if (looks != null) {
            looks.cancel(false);
        }
        clock.shutdownNow();
    }
}
