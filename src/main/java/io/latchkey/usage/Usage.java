package io.latchkey.usage;

import io.latchkey.keys.Caller;
import io.latchkey.routes.Route;
import io.latchkey.routes.RouteMatch;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.time.InstantSource;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/** Counts what callers do on routes. */
@Component
public final class Usage {
    private static final String TOKENS = "latchkey.tokens";
    /** How the trail calls an answer that no upstream was asked for. */
    private static final Set<String> HITS = Set.of("hit", "collapsed", "stale");

    private final Tallies tallies;
    private final Budgets budgets;
    private final UsageMeters meters;
    private final InstantSource time;

    Usage(Tallies tallies, Budgets budgets, UsageMeters meters, InstantSource time) {
        this.tallies = tallies;
        this.budgets = budgets;
        this.meters = meters;
        this.time = time;
    }

    /** One request, to be counted when its outcome is known. */
    public interface Counted {
        void count(int status, long requestBytes, long responseBytes, @Nullable String cache);
    }

    /** What the gateway answers itself is not counted. */
    public Counted of(RouteMatch match, Caller caller, HttpServletRequest request) {
        if (match.isReserved()) {
            return (status, requestBytes, responseBytes, cache) -> {};
        }
        String keyId = caller.keyId();
        String owner = keyId == null ? "" : caller.key().profile().owner();
        boolean hasBudget = keyId != null && !caller.key().profile().budgets().isEmpty();
        Route.Metering metering = match.route().usage();
        TokenScan tokens = metering == null ? null : new TokenScan(metering);
        if (tokens != null) {
            request.setAttribute(TOKENS, tokens);
        }
        return (status, requestBytes, responseBytes, cache) -> {
            long spent = tokens == null ? 0 : tokens.count();
            long cost = tokens == null ? 0 : tokens.costNanos();
            Sums once = new Sums(
                    1,
                    status >= 400 ? 1 : 0,
                    requestBytes,
                    responseBytes,
                    cache != null && HITS.contains(cache) ? 1 : 0,
                    spent,
                    cost);
            long hour = Cell.hourOf(time.millis());
            Cell cell = new Cell(hour, keyId == null ? Cell.PUBLIC : keyId, owner, match.label());
            if (spent > 0 && hasBudget) {
                budgets.spent(cell, once);
                tallies.addUrgent(cell, once);
            } else {
                tallies.add(cell, once);
            }
            meters.count(owner);
            if (tokens != null && spent > 0) {
                meters.spend(match.label(), tokens.model(), spent, cost);
            } else if (tokens != null && status / 100 == 2 && once.cacheHits() == 0) {
                meters.unsaid(match.label());
            }
        };
    }

    /**
     * Lets the call go on while its key has something left to spend on what the route counts.
     *
     * @throws io.latchkey.problems.Refused when it has not
     */
    public void admit(RouteMatch match, Caller caller, HttpServletResponse response) {
        if (!match.isReserved() && match.route().usage() != null && caller.keyId() != null) {
            budgets.admit(match.label(), caller.keyId(), caller.key().profile(), response);
        }
    }

    /** The answer, read on its way for how many tokens it took; what comes from a cache took none. */
    public HttpServletResponse watch(HttpServletRequest request, HttpServletResponse response) {
        return request.getAttribute(TOKENS) instanceof TokenScan tokens
                ? new WatchedAnswer(response, tokens)
                : response;
    }
}
