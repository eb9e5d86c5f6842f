package io.latchkey.cache;

import io.latchkey.routes.Route;
import io.latchkey.routes.Route.Caching;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.util.List;

/** One request at the cache, and all it brought. */
record Visit(
        Route route,
        Caching caching,
        Ask ask,
        Place own,
        HttpServletRequest request,
        HttpServletResponse response,
        ResponseCache.Fill fill) {
    /** To ask the upstream once more: with the body, where there is one, from its start. */
    Visit again() {
        return request instanceof BodyDigest body
                ? new Visit(route, caching, ask, own, body.anew(), response, fill)
                : this;
    }

    /** Where an answer may be: what others may share first. */
    List<Place> places() {
        return caching.shared() ? List.of(own.shared(), own) : List.of(own);
    }

    /** Where an answer on these terms belongs. */
    Place place(Terms terms) {
        return caching.shared() && terms.shareable() ? own.shared() : own;
    }

    /** Whether an answer that was kept for somebody else is one for this request too. */
    boolean fits(Place kept, StoredAnswer answer, long now) {
        return ask.takes(answer, now)
                && place(answer.terms()).fork(answer.vary(), ask).equals(kept);
    }
}
