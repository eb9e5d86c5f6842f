package io.latchkey.proxy;

import io.latchkey.problems.Refusal;
import io.latchkey.problems.Refused;
import io.latchkey.wire.WireFailure;
import java.time.Duration;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/** What the caller is told when an exchange fails; hosts and exceptions are never part of it. */
final class Failures {
    private static final Duration ROOM_AGAIN = Duration.ofSeconds(1);

    private Failures() {}

    static Refused of(WireFailure failure) {
        return switch (failure.kind()) {
            case NO_ROOM ->
                new Refused(Refusal.OVERLOADED, "All connections to the service behind this route are in use.")
                        .retryAfter(ROOM_AGAIN);
            case UNREACHABLE ->
                new Refused(Refusal.UPSTREAM_UNREACHABLE, "No connection to the service could be made.", failure);
            case CONNECT_TIMEOUT ->
                new Refused(Refusal.UPSTREAM_TIMEOUT, "The service did not accept the connection in time.", failure);
            case OVERDUE -> new Refused(Refusal.UPSTREAM_TIMEOUT, "The service did not answer in time.", failure);
            case STALE, BROKEN, ABANDONED -> badAnswer(failure);
        };
    }

    static Refused callerTooSlow(@Nullable Exception cause) {
        return new Refused(Refusal.REQUEST_TIMEOUT, "The caller took longer than the route allows.", cause);
    }

    static Refused badAnswer(@Nullable Exception cause) {
        return new Refused(
                Refusal.UPSTREAM_BAD_ANSWER,
                "The service broke the connection or the protocol; whether it acted is unknown.",
                cause);
    }

    static Refused tooLarge(long limit) {
        return new Refused(Refusal.REQUEST_TOO_LARGE, "This route accepts bodies of at most " + limit + " bytes.");
    }

    /** The caller's body stopped or was malformed. */
    static Refused brokenBody(Exception cause) {
        for (Throwable t = cause; t != null; t = t.getCause()) {
            if (t instanceof TimeoutException) {
                return new Refused(Refusal.REQUEST_TIMEOUT, "The request's body did not arrive in time.", cause);
            }
        }
        return new Refused(Refusal.BAD_REQUEST, "The request's body is malformed or incomplete.", cause);
    }
}
