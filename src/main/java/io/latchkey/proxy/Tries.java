package io.latchkey.proxy;

import io.latchkey.routes.Route;
import io.latchkey.upstreams.Turn;
import io.latchkey.upstreams.Upstreams;
import io.latchkey.wire.Answer;
import io.latchkey.wire.WireFailure;
import jakarta.servlet.http.HttpServletRequest;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * The tries of one request, and whether another may follow.
 *
 * <p>Only what never left, or may be repeated by its nature and can be sent again from its beginning; only within the
 * route's number of tries, its budget of retries and the time of the whole call.
 */
final class Tries {
    private static final Set<String> IDEMPOTENT = Set.of("GET", "HEAD", "OPTIONS", "PUT", "DELETE");
    private static final int MOST_DOUBLINGS = 20;

    private final Route route;
    private final Upstreams upstreams;
    private final HttpServletRequest request;
    private final RequestHead head;
    private final CallerBody body;
    private final long end;
    private List<Turn> before = List.of();
    private int begun;
    private long waitNanos;

    Tries(Route route, Upstreams upstreams, RequestHead head, CallerBody body, long end) {
        this.head = head;
        this.route = route;
        this.upstreams = upstreams;
        this.body = body;
        this.request = body.request();
        this.end = end;
    }

    Turn next() {
        long from = System.nanoTime();
        for (long left = waitNanos; left > 0; left = waitNanos - (System.nanoTime() - from)) {
            LockSupport.parkNanos(left);
        }
        Turn turn = upstreams.choose(route, before);
        begun++;
        return turn;
    }

    /** Whether to try again after a failure; then {@link #next} waits as long as is good. */
    boolean mayFollow(Turn turn, WireFailure failure) {
        if (!failure.neverLeft() && !isRepeatable()) {
            return false;
        }
        boolean elsewhere = begun < route.upstreams().size();
        return switch (failure.kind()) {
            // Nothing listens there, or no more fits: to wait for it would only hold the caller up.
            case NO_ROOM, UNREACHABLE -> elsewhere && follow(turn, 0);
            case CONNECT_TIMEOUT, OVERDUE -> route.retry().onTimeout() && follow(turn, elsewhere ? 0 : jitter());
            case STALE -> follow(turn, 0);
            case BROKEN -> follow(turn, elsewhere ? 0 : jitter());
            case ABANDONED -> false;
        };
    }

    /** Whether to try again in place of passing this answer on. */
    boolean mayFollow(Turn turn, Answer answer) {
        if (answer.status() < 502 || answer.status() > 504 || !isRepeatable()) {
            return false;
        }
        long asked = retryAfter(answer);
        return follow(turn, asked >= 0 ? asked : begun < route.upstreams().size() ? 0 : jitter());
    }

    private boolean follow(Turn turn, long afterNanos) {
        boolean inTime = System.nanoTime() + afterNanos - end < 0;
        if (begun >= route.retry().attempts() || !inTime || !upstreams.mayTryAgain(route)) {
            return false;
        }
        List<Turn> tried = new ArrayList<>(before);
        tried.add(turn);
        before = tried;
        waitNanos = afterNanos;
        return true;
    }

    private boolean isRepeatable() {
        boolean harmless = IDEMPOTENT.contains(request.getMethod()) || head.passesIdempotencyKey();
        return harmless && !body.passesThrough();
    }

    private long jitter() {
        long bound = route.retry().delay().toNanos() << Math.min(begun - 1, MOST_DOUBLINGS);
        return bound <= 0 ? 0 : ThreadLocalRandom.current().nextLong(bound);
    }

    /** In nanoseconds; negative when the answer does not say, or says a date. */
    private static long retryAfter(Answer answer) {
        for (Answer.Field field : answer.fields()) {
            if (field.name().lower().equals("retry-after") && field.value().matches("[0-9]{1,6}")) {
                return TimeUnit.SECONDS.toNanos(Long.parseLong(field.value()));
            }
        }
        return -1;
    }
}
