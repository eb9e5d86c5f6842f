package io.latchkey.cache;

import io.latchkey.problems.Blame;
import io.latchkey.problems.Refused;
import io.latchkey.routes.Route.Fallback;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** What a caller gets in place of a failure of the upstream: an older answer where that is allowed, or the fallback. */
final class Rescue {
    private Rescue() {}

    /** Whether it was the upstream that could not answer, or is not asked because it lately could not. */
    static boolean isFailure(Refused refused) {
        int status = refused.refusal().status();
        return refused.refusal().blame() == Blame.UPSTREAM && status >= 502 && status <= 504;
    }

    /** Whether something better than an answer with this status is at hand. */
    static boolean canReplace(Visit visit, @Nullable StoredAnswer at, long now, int status) {
        if (canStandIn(visit, at, now)) {
            return status == 500 || isOutage(status);
        }
        return visit.route().fallback() != null && isOutage(status);
    }

    static boolean isOutage(int status) {
        return status >= 502 && status <= 504;
    }

    private static boolean canStandIn(Visit visit, @Nullable StoredAnswer at, long now) {
        return at != null && at.mayStandIn(now) && visit.ask().mayHave(at);
    }

    /** Instead of the refusal. */
    static Outcome of(Visit visit, @Nullable StoredAnswer at, long now, Refused refused) throws IOException {
        Fallback fallback = visit.route().fallback();
        if (canStandIn(visit, at, now) && at != null) {
            return stale(visit, at, now, "");
        }
        if (fallback == null) {
            Reply.say(visit.response(), at == null ? "fwd=uri-miss" : "fwd=stale");
            throw refused;
        }
        return fallback(visit, fallback);
    }

    /** Instead of an answer with this status, which {@link #canReplace} said can be replaced. */
    static Outcome of(Visit visit, @Nullable StoredAnswer at, long now, int status) throws IOException {
        Fallback fallback = visit.route().fallback();
        if (canStandIn(visit, at, now) && at != null) {
            return stale(visit, at, now, "; fwd-status=" + status);
        }
        if (fallback == null) {
            throw new IllegalStateException("nothing to answer with");
        }
        return fallback(visit, fallback);
    }

    private static Outcome stale(Visit visit, StoredAnswer at, long now, String status) throws IOException {
        Reply.stored(at, visit.ask(), visit.response(), now, "fwd=stale" + status + "; detail=stale-if-error");
        return Outcome.STALE;
    }

    private static Outcome fallback(Visit visit, Fallback fallback) throws IOException {
        Reply.fallback(fallback, visit.ask().isHead(), visit.response(), "fwd=miss; detail=fallback");
        return Outcome.FALLBACK;
    }
}
