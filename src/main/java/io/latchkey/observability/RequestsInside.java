package io.latchkey.observability;

import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.server.handler.StatisticsHandler;
import org.eclipse.jetty.util.Callback;

/**
 * Tells Boot's graceful shutdown, which asks a handler of this type, how many requests are still inside. They are
 * counted anyway; counting them again, with their bytes and times, would wrap every request and answer.
 */
final class RequestsInside extends StatisticsHandler {
    private final RequestMeters meters;

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
        return (int) meters.inFlight();
    }
}
