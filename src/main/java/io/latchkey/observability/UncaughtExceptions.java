package io.latchkey.observability;

import jakarta.annotation.PostConstruct;
import jakarta.annotation.PreDestroy;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.stereotype.Component;

/** Logs and counts what ends a thread, whichever thread it is. */
@Component
final class UncaughtExceptions implements Thread.UncaughtExceptionHandler {
    private static final Logger LOG = LoggerFactory.getLogger(UncaughtExceptions.class);

    private final RequestMeters meters;
    private Thread.@Nullable UncaughtExceptionHandler before;

    UncaughtExceptions(RequestMeters meters) {
        this.meters = meters;
    }

    @PostConstruct
    void install() {
        before = Thread.getDefaultUncaughtExceptionHandler();
        Thread.setDefaultUncaughtExceptionHandler(this);
    }

    @PreDestroy
    void uninstall() {
        Thread.setDefaultUncaughtExceptionHandler(before);
    }

    @Override
    public void uncaughtException(Thread thread, Throwable thrown) {
        LOG.error("Thread {} ended by an exception", thread.getName(), thrown);
        meters.uncaught();
    }
}
