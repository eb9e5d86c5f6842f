package io.latchkey.cache;

import io.latchkey.cache.Flights.Flight;
import io.latchkey.cache.Flights.Landing;
import io.latchkey.cache.Flights.Leg;
import io.latchkey.cache.Library.Find;
import io.latchkey.keys.Caller;
import io.latchkey.problems.Refusal;
import io.latchkey.problems.Refused;
import io.latchkey.routes.Route;
import io.latchkey.routes.Route.Caching;
import io.latchkey.routes.RouteMatch;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;
import org.springframework.util.unit.DataSize;

/** Answers for the upstream where it may, and asks it where it must. */
@Component
public final class ResponseCache {
    private static final Set<String> SAFE = Set.of("GET", "HEAD", "OPTIONS");
    private static final Caching NONE =
            new Caching(Duration.ZERO, false, Set.of(), List.of(), Duration.ZERO, DataSize.ofBytes(0));
    /** After so many calls that others made and that failed, a caller fails with them. */
    private static final int FAILURES = 2;
    /** So often a caller waits for others before it asks for itself. */
    private static final int ROUNDS = 8;

    private final Library library;
    private final NearTier near;
    private final Flights flights;
    private final Buffers buffers;
    private final CacheMeters meters;
    private final InstantSource time;
    private final boolean disabled;

    ResponseCache(
            Library library,
            NearTier near,
            Flights flights,
            Buffers buffers,
            CacheMeters meters,
            InstantSource time,
            CacheProperties properties) {
        this.library = library;
        this.near = near;
        this.flights = flights;
        this.buffers = buffers;
        this.meters = meters;
        this.time = time;
        this.disabled = properties.disabled();
    }

    /** Asks the upstream. */
    public interface Fill {
        /**
         * Forwards the request and writes the answer.
         *
         * @param conditions headers in place of the caller's of the same name; an empty value = without that header
         * @throws Refused when the upstream failed
         */
        void forward(Map<String, String> conditions, HttpServletRequest request, HttpServletResponse response)
                throws IOException;

        default void forward(HttpServletRequest request, HttpServletResponse response) throws IOException {
            forward(Map.of(), request, response);
        }
    }

    /** Answers a request, and says in one word where from; null on a route that keeps nothing and has no fallback. */
    public @Nullable String serve(
            RouteMatch match, Caller caller, HttpServletRequest request, HttpServletResponse response, Fill fill)
            throws IOException {
        boolean keeps = match.route().cache() != null && !disabled;
        if (!keeps && match.route().fallback() == null) {
            fill.forward(request, response);
            return null;
        }
        Outcome outcome = Outcome.MISS;
        try {
            outcome = answer(match, caller, request, response, fill);
            return outcome.word();
        } finally {
            if (keeps) {
                meters.count(match.label(), outcome);
            }
        }
    }

    private Outcome answer(
            RouteMatch match, Caller caller, HttpServletRequest request, HttpServletResponse response, Fill fill)
            throws IOException {
        Route route = match.route();
        Caching configured = route.cache();
        boolean none = configured == null || disabled;
        Caching caching = configured == null || disabled ? NONE : configured;
        Ask ask = Ask.of(request, match.needsKey());
        Place own = Place.of(match, caller, request, "");
        Visit visit = new Visit(route, caching, ask, own, request, response, fill);
        if (none) {
            return new Pass(visit, null, "").run();
        }
        if (!caching.methods().contains(request.getMethod()) || ask.mustPass()) {
            return pass(visit);
        }
        if (!ask.isPost()) {
            return look(visit);
        }
        long most =
                Math.min(caching.largest().toBytes(), route.requestSizeLimit().toBytes());
        try (Buffers.Recording recording = buffers.open(most, request.getContentLengthLong())) {
            BodyDigest body = BodyDigest.of(request, recording);
            String variant = body == null ? null : body.variant();
            HttpServletRequest replayed = body == null ? request : body;
            Place place = variant == null ? own : Place.of(match, caller, request, variant);
            Visit known = new Visit(route, caching, ask, place, replayed, response, fill);
            return variant == null ? pass(known) : look(known);
        }
    }

    private Outcome pass(Visit visit) throws IOException {
        String method = visit.request().getMethod();
        boolean changes = !SAFE.contains(method) && !visit.caching().methods().contains(method);
        String why = visit.caching().methods().contains(method) ? "fwd=bypass" : "fwd=method";
        return new Pass(visit, changes || visit.ask().overridesMethod() ? library : null, why).run();
    }

    private Outcome look(Visit visit) throws IOException {
        List<Place> places = visit.places();
        StoredAnswer atHand = library.atHand(places, visit.ask());
        if (atHand != null) {
            return hit(visit, atHand);
        }
        long patience = System.nanoTime() + visit.route().timeout().firstByte().toNanos();
        int failures = 0;
        for (int round = 0; ; round++) {
            Find find = library.find(places, visit.ask());
            StoredAnswer found = find.answer();
            if (found != null && find.believed() && visit.ask().takes(found, time.millis())) {
                return hit(visit, found);
            }
            if (visit.ask().onlyIfCached()) {
                throw new Refused(Refusal.NOT_CACHED, "No stored answer to this request may be used.");
            }
            Place together = round < ROUNDS ? waiting(visit, find) : null;
            if (together == null) {
                return alone(visit, find);
            }
            Leg leg = new Leg(together, find.fence(), find.epoch());
            Flight mine = new Flight();
            Flight theirs = flights.join(leg, mine);
            if (theirs == null) {
                return lead(visit, find, leg, mine);
            }
            if (found != null && found.mayBeServedMeanwhile(time.millis())) {
                Reply.hit(found, visit.ask(), visit.response(), time.millis(), "; detail=stale-while-revalidate");
                return Outcome.STALE;
            }
            Landing landing = theirs.await(patience - System.nanoTime());
            if (landing instanceof Landing.Kept kept && visit.fits(kept.place(), kept.answer(), time.millis())) {
                Reply.stored(kept.answer(), visit.ask(), visit.response(), time.millis(), "fwd=uri-miss; collapsed");
                return Outcome.COLLAPSED;
            }
            if (landing instanceof Landing.Failed failed && ++failures >= FAILURES) {
                return failWith(visit, find, failed);
            }
            if (landing == null || landing instanceof Landing.Alone) {
                return alone(visit, find);
            }
        }
    }

    private Outcome failWith(Visit visit, Find find, Landing.Failed failed) throws IOException {
        long now = time.millis();
        Refused refused = failed.refused();
        if (refused != null) {
            return Rescue.of(visit, find.answer(), now, refused);
        }
        return Rescue.canReplace(visit, find.answer(), now, failed.status())
                ? Rescue.of(visit, find.answer(), now, failed.status())
                : alone(visit, find);
    }

    private Outcome hit(Visit visit, StoredAnswer answer) throws IOException {
        Reply.hit(answer, visit.ask(), visit.response(), time.millis(), "");
        return Outcome.HIT;
    }

    /** Under what to wait for others who ask the same; null when none of them could be waited for. */
    private @Nullable Place waiting(Visit visit, Find find) {
        if (visit.ask().isHead() || visit.ask().wantsNewest() || visit.ask().hasCredentials()) {
            return null;
        }
        for (Place place : together(visit, find)) {
            if (!near.isMarked(place)) {
                return place;
            }
        }
        return null;
    }

    private static List<Place> together(Visit visit, Find find) {
        return find.forks().isEmpty() ? visit.places() : find.forks();
    }

    private Outcome lead(Visit visit, Find find, Leg leg, Flight mine) throws IOException {
        Consumer<Landing> land = landing -> {
            remember(visit, find, landing);
            if (landing instanceof Landing.Kept kept
                    && !kept.place().part().equals(leg.place().part())) {
                near.mark(leg.place());
            }
            flights.land(leg, mine, landing);
        };
        try {
            // Somebody may have landed between the look and the start.
            StoredAnswer atHand = library.atHand(visit.places(), visit.ask());
            if (atHand != null) {
                land.accept(new Landing.Given());
                return hit(visit, atHand);
            }
            return fetch(visit, find, land);
        } finally {
            flights.land(leg, mine, new Landing.Given());
        }
    }

    private Outcome alone(Visit visit, Find find) throws IOException {
        return fetch(visit, find, landing -> remember(visit, find, landing));
    }

    /** Of what only one caller can have, each has to ask; in a line they would wait for nothing. */
    private void remember(Visit visit, Find find, Landing landing) {
        boolean askedForAll = !visit.ask().isHead() && !visit.ask().hasCredentials();
        if (askedForAll && landing instanceof Landing.Alone alone && alone.always()) {
            together(visit, find).forEach(near::mark);
        }
    }

    private Outcome fetch(Visit visit, Find find, Consumer<Landing> landing) throws IOException {
        return new Fetch(visit, find, library, buffers, time, landing).run();
    }
}
