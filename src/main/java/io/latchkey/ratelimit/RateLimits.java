package io.latchkey.ratelimit;

import io.latchkey.keys.Caller;
import io.latchkey.keys.KeyProfile;
import io.latchkey.problems.Refusal;
import io.latchkey.problems.Refused;
import io.latchkey.ratelimit.Accounts.Subject;
import io.latchkey.ratelimit.Permit.Taken;
import io.latchkey.routes.Route;
import io.latchkey.routes.RouteMatch;
import io.latchkey.routes.RoutesChanged;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.springframework.context.event.EventListener;
import org.springframework.stereotype.Component;

/** The limits: may this request of this caller go on? */
@Component
public class RateLimits {
    /** Slots are given back at any moment. */
    private static final Duration SLOT_RETRY = Duration.ofSeconds(1);

    private final Accounts accounts;
    private final LimitMeters meters;
    private final boolean disabled;
    private final ConcurrentHashMap<String, Slots> ofRoutes = new ConcurrentHashMap<>();
    private final SlotBook routeSlots = new SlotBook();

    RateLimits(Accounts accounts, LimitMeters meters, RateLimitProperties properties) {
        this.accounts = accounts;
        this.meters = meters;
        disabled = properties.isDisabled();
    }

    /**
     * Lets the request in, and tells the caller in the answer's headers what is left; closing the permit ends its stay.
     *
     * @throws Refused when a limit is used up, or when the key or the route has too many requests under way
     */
    public Permit admit(RouteMatch match, Caller caller, HttpServletRequest request, HttpServletResponse response) {
        boolean isHealth = match.isReserved() && caller.keyId() == null;
        if (disabled || isHealth) {
            return new Permit(caller, null);
        }
        KeyProfile key = caller.keyId() == null ? null : caller.key().profile();
        Subject subject = accounts.subject(caller, request);
        Account account = accounts.account(subject, match, key);
        account.headers().writePolicies(response);
        if (request.getHeader("Origin") != null) {
            response.addHeader("Access-Control-Expose-Headers", "RateLimit, RateLimit-Policy, Retry-After");
        }
        // Slots first: a request that finds none must not have used anything up.
        Permit permit = new Permit(caller, slots(match.proxied(), key, subject, account));
        try {
            Verdict verdict = account.take();
            account.headers().write(verdict, response);
            if (!verdict.passed()) {
                throw exceeded(match, account.policies(), verdict);
            }
            return permit;
        } catch (RuntimeException e) {
            permit.close();
            throw e;
        }
    }

    private @Nullable Taken slots(@Nullable Route route, @Nullable KeyProfile key, Subject subject, Account account) {
        Integer own = key == null ? null : key.concurrency();
        int perKey = route == null ? 0 : route.admission().concurrencyPerKey();
        int perRoute = route == null ? 0 : route.admission().concurrency();
        Slots ofKey = null;
        if (own != null || perKey > 0) {
            // A bound of the key's own holds for all its routes together.
            ofKey = own != null ? subject.slots() : account.slots();
            int most = own != null ? own : perKey;
            if (!ofKey.take(most)) {
                throw new Refused(
                                Refusal.TOO_MANY_IN_FLIGHT, "At most " + most + " requests may be under way at a time.")
                        .retryAfter(SLOT_RETRY);
            }
        }
        Slots ofRoute = null;
        if (route != null && perRoute > 0) {
            ofRoute = ofRoute(route.id());
            if (!ofRoute.take(perRoute)) {
                new Taken(ofKey, null).giveBack();
                throw new Refused(Refusal.OVERLOADED, "The route has as many requests under way as it can serve.")
                        .retryAfter(SLOT_RETRY);
            }
        }
        return ofKey == null && ofRoute == null ? null : new Taken(ofKey, ofRoute);
    }

    private Slots ofRoute(String id) {
        Slots known = ofRoutes.get(id);
        return known == null ? ofRoutes.computeIfAbsent(id, routeSlots::of) : known;
    }

    /** Of routes that are gone nothing is kept. */
    @EventListener
    void changed(RoutesChanged change) {
        Set<String> routes = change.routes().stream().map(Route::id).collect(Collectors.toSet());
        ofRoutes.keySet().retainAll(routes);
        accounts.keepOnly(routes);
    }

    private Refused exceeded(RouteMatch match, Policies policies, Verdict verdict) {
        List<String> names =
                verdict.violated(policies).stream().map(Policy::name).toList();
        names.forEach(name -> meters.limited(match.label(), name));
        return new Refused(Refusal.LIMIT_EXCEEDED, "Used up: " + String.join(", ", names) + ".")
                .with("violatedPolicies", names)
                .retryAfter(verdict.wait(policies, System.nanoTime()));
    }
}
