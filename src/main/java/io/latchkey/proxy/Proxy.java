package io.latchkey.proxy;

import io.latchkey.keys.Caller;
import io.latchkey.routes.Route;
import io.latchkey.routes.RouteMatch;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.net.URI;
import java.util.Map;
import org.apache.hc.core5.http.ClassicHttpRequest;
import org.springframework.stereotype.Component;

/** Passes a request on to one of its route's upstreams and the answer back, both as streams. */
@Component
public final class Proxy {
    private final Upstreams upstreams;

    Proxy(Upstreams upstreams) {
        this.upstreams = upstreams;
    }

    /**
     * What happened to a request that was answered in full.
     *
     * @param firstByteNanos from the start of the call until the upstream's final status line and headers were there
     * @param upstream the server that answered
     */
    public record Forwarded(long firstByteNanos, URI upstream) {}

    /**
     * Forwards, with {@code outgoing} added to the request's headers.
     *
     * @throws io.latchkey.problems.Refused when the upstream or the request's body fails; the answer may have begun
     * @throws IOException when the caller is gone, so that nobody is left to be told
     */
    public Forwarded forward(
            RouteMatch match,
            Caller caller,
            Map<String, String> outgoing,
            HttpServletRequest request,
            HttpServletResponse response)
            throws IOException {
        Route route = match.route();
        long limit = route.requestSizeLimit().toBytes();
        RequestBody.refuseDeclaredTooLarge(request, limit);
        Upstream upstream = upstreams.choose(route);
        ClassicHttpRequest head = RequestHead.of(match, upstream, caller, outgoing, request);
        long started = System.nanoTime();
        try (Exchange exchange = upstreams.open(upstream, route.timeout())) {
            if (RequestBody.isIn(request)) {
                head.setEntity(new RequestBody(request, limit, exchange));
            }
            Answer answer = exchange.send(head);
            long firstByteNanos = System.nanoTime() - started;
            AnswerHead.check(answer);
            AnswerHead.copy(answer, response);
            AnswerBody.copy(answer, response, exchange);
            return new Forwarded(firstByteNanos, upstream.uri());
        }
    }
}
