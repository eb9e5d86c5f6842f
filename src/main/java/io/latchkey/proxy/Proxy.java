package io.latchkey.proxy;

import io.latchkey.problems.Refused;
import io.latchkey.proxy.Exchange.Call;
import io.latchkey.ratelimit.Permit;
import io.latchkey.routes.Route;
import io.latchkey.routes.RouteMatch;
import io.latchkey.upstreams.Turn;
import io.latchkey.upstreams.Upstreams;
import io.latchkey.wire.Answer;
import io.latchkey.wire.Wire;
import io.latchkey.wire.WireFailure;
import io.latchkey.wire.WireFailure.Kind;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.Map;
import java.util.function.BooleanSupplier;
import org.springframework.stereotype.Component;

/** Passes a request on to one of its route's upstreams and the answer back, both as streams. */
@Component
public final class Proxy {
    private static final long AGAIN = Long.MIN_VALUE;

    private final Upstreams upstreams;
    private final Wire wire;

    Proxy(Upstreams upstreams, Wire wire) {
        this.upstreams = upstreams;
        this.wire = wire;
    }

    /**
     * What goes with a request.
     *
     * @param headers replace what the caller sent under these names; an empty value only takes it away
     * @param callerIsGone asked from other threads while the request waits for its answer
     */
    public record Envelope(Map<String, String> headers, BooleanSupplier callerIsGone) {}

    /**
     * Forwards a request and answers it in full.
     *
     * @return the nanoseconds until the upstream's final status line and headers were there
     * @throws Refused when the upstream or the request's body fails; the answer may have begun
     * @throws IOException when the caller is gone, so that nobody is left to be told
     */
    public long forward(
            RouteMatch match,
            Permit permit,
            Envelope envelope,
            HttpServletRequest request,
            HttpServletResponse response)
            throws IOException {
        Route route = match.route();
        long started = System.nanoTime();
        Call call = new Call(started + route.timeout().total().toNanos(), envelope.callerIsGone(), permit);
        CallerBody body = CallerBody.of(request, route.requestSizeLimit().toBytes());
        RequestHead head = new RequestHead(match, permit.caller(), envelope.headers(), request);
        body.keepIfSmall(wire, call.end());
        Tries tries = new Tries(route, upstreams, head, body, call.end());
        while (true) {
            try (Turn turn = tries.next()) {
                long answeredAt = attempt(route, turn, tries, head, body, call, response);
                if (answeredAt != AGAIN) {
                    return answeredAt - started;
                }
            }
        }
    }

    /** When the head of the answer came, once all of it was passed on; or {@link #AGAIN}. */
    private long attempt(
            Route route,
            Turn turn,
            Tries tries,
            RequestHead head,
            CallerBody body,
            Call call,
            HttpServletResponse response)
            throws IOException {
        boolean answering = false;
        // Of a server that was asked at the last moment, because the caller was slow, its silence says nothing.
        boolean hadItsTime = call.end() - System.nanoTime()
                >= Math.min(
                        route.timeout().firstByte().toNanos(),
                        route.timeout().total().toNanos() / 2);
        try (Exchange exchange =
                new Exchange(wire.open(turn.endpoint(), route.timeout().connect(), call.end()), turn, response)) {
            Answer answer = exchange.send(head, body, route.timeout(), call);
            long answeredAt = System.nanoTime();
            turn.answering(answer.status());
            if (tries.mayFollow(turn, answer)) {
                turn.succeeded(answer.status());
                return AGAIN;
            }
            answering = true;
            exchange.answer(answer, body.request(), call);
            turn.succeeded(answer.status());
            return answeredAt;
        } catch (WireFailure failure) {
            if (failure.kind() == Kind.ABANDONED) {
                throw new CallerGone(failure);
            }
            boolean late = failure.kind() == Kind.OVERDUE || failure.kind() == Kind.CONNECT_TIMEOUT;
            if (failure.kind() != Kind.NO_ROOM && failure.kind() != Kind.STALE && (!late || hadItsTime)) {
                turn.failed();
            }
            if (!answering && tries.mayFollow(turn, failure)) {
                return AGAIN;
            }
            throw Failures.of(failure);
        }
    }
}
