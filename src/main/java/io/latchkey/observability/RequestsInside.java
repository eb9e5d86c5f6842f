package io.latchkey.observability;

import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.io.IdleTimeout;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.server.handler.StatisticsHandler;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.util.NanoTime;

/**
 * Tells Boot's graceful shutdown, which asks a handler of this type, how many requests are still inside. They are
 * counted anyway; counting them again, with their bytes and times, would wrap every request and answer.
 *
 * <p>A connection counts too, until it was quiet for a second since the stop began. It may bring one more request: its
 * caller does not know yet that it must go elsewhere, and may not send again what got no answer. With the next answer
 * {@link PunctualConnection} says so ({@code Connection: close}), once nothing new is accepted.
 */
final class RequestsInside extends StatisticsHandler {
    private static final long QUIET_MILLIS = 1000;

    private final RequestMeters meters;
    private final AtomicLong stoppingSince = new AtomicLong();

    RequestsInside(Handler handler, RequestMeters meters) {
        super(handler);
        this.meters = meters;
    }

    @Override
    public boolean handle(Request request, Response response, Callback callback) throws Exception {
        return getHandler().handle(request, response, callback);
    }

    @Override
    public int getRequestsActive() {
        // Asked for the first time when the stop begins.
        stoppingSince.compareAndSet(0, NanoTime.now());
        long stoppingFor = TimeUnit.NANOSECONDS.toMillis(NanoTime.since(stoppingSince.get()));
        long mayBringOne = Arrays.stream(getServer().getConnectors())
                .flatMap(connector -> connector.getConnectedEndPoints().stream())
                .filter(connection -> Math.min(stoppingFor, quietFor(connection)) < QUIET_MILLIS)
                .count();
        return (int) (meters.inFlight() + mayBringOne);
    }

    private static long quietFor(EndPoint connection) {
        return connection instanceof IdleTimeout idle ? idle.getIdleFor() : 0;
    }
}
