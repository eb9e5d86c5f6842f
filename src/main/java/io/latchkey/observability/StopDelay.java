package io.latchkey.observability;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.springframework.context.SmartLifecycle;
import org.springframework.stereotype.Component;

/** Keeps the door open for a while when the gateway stops: who asks for its readiness hears of it only then. */
@Component
final class StopDelay implements SmartLifecycle {
    private final FrontDoorProperties properties;
    private volatile boolean running;

    StopDelay(FrontDoorProperties properties) {
        this.properties = properties;
    }

    /** Stops first of all; the readiness was refused before. */
    @Override
    public int getPhase() {
        return Integer.MAX_VALUE;
    }

    @Override
    public void start() {
        running = true;
    }

    @Override
    public void stop() {
        running = false;
        try {
            // Nothing ends it early.
            boolean unused = new CountDownLatch(1).await(properties.stopDelay().toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public boolean isRunning() {
        return running;
    }
}
