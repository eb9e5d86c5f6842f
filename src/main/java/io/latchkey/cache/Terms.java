package io.latchkey.cache;

import io.latchkey.routes.Route.Caching;
import java.time.DateTimeException;
import java.util.Set;
import org.eclipse.jetty.http.HttpDateTime;
import org.jspecify.annotations.Nullable;

/**
 * On what terms an answer may be kept and used (RFC 9111, sections 3, 4.2 and 5.2.2; RFC 5861).
 *
 * @param lifetime milliseconds for which it is fresh, counted from its making
 * @param onError milliseconds past that for which it may stand in for a failing upstream
 * @param whileRevalidating milliseconds past that for which it may be served while somebody asks for a newer one
 * @param neverStale whether it may not be served stale, not even on the caller's wish
 * @param alwaysAsk whether the upstream is to be asked before each use
 * @param open whether it may be used for, and kept from, a request with an Authorization of the upstream's
 * @param shareable whether it says itself that others may have it; then it may be used for a request with a cookie too
 */
record Terms(
        long lifetime,
        long onError,
        long whileRevalidating,
        boolean neverStale,
        boolean alwaysAsk,
        boolean open,
        boolean shareable) {
    /** What may be kept for the route's own time: of the others an upstream must say how long. */
    private static final Set<Integer> UNSAID = Set.of(200, 203, 204, 300, 301, 308, 410);

    private static final Set<Integer> SAID = Set.of(302, 307, 404, 405, 414);

    /** Null: not to be kept. */
    static @Nullable Terms of(Head head, Caching caching, Ask ask, long receivedAt) {
        Directives control = Directives.of(head.joined("Cache-Control"));
        boolean understood = UNSAID.contains(head.status()) || SAID.contains(head.status());
        boolean noStore = control.has("no-store") && !control.has("must-understand");
        if (!understood
                || noStore
                || control.has("private")
                || head.has("Set-Cookie")
                || head.has("Set-Cookie2")
                || head.has("Content-Range")
                || Vary.of(head) == null) {
            return null;
        }
        boolean shared = control.has("public") || control.has("s-maxage");
        // RFC 9111 (3.5) lets must-revalidate open an answer to Authorization; for a cookie it says nothing of the
        // kind.
        boolean open = shared || control.has("must-revalidate");
        if (!ask.mayHave(open, shared)) {
            return null;
        }
        long lifetime = lifetime(head, control, caching, receivedAt);
        boolean alwaysAsk = control.has("no-cache");
        boolean useful = lifetime > 0 && !alwaysAsk;
        if (lifetime < 0 || (!useful && !head.has("ETag") && !head.has("Last-Modified"))) {
            return null;
        }
        boolean neverStale = alwaysAsk || control.has("must-revalidate") || control.has("proxy-revalidate");
        return new Terms(
                lifetime,
                neverStale ? 0 : onError(control, caching),
                neverStale ? 0 : Math.max(0, control.seconds("stale-while-revalidate")) * 1000,
                // s-maxage means proxy-revalidate too (5.2.2.10).
                neverStale || control.has("s-maxage"),
                alwaysAsk,
                open,
                shared);
    }

    /** In milliseconds; negative when neither the answer nor the route says. */
    private static long lifetime(Head head, Directives control, Caching caching, long receivedAt) {
        long said = control.seconds("s-maxage");
        if (said < 0) {
            said = control.seconds("max-age");
        }
        if (said >= 0) {
            return said * 1000;
        }
        String expires = head.first("Expires");
        if (expires != null) {
            long date = millis(head.first("Date"));
            return Math.max(0, millis(expires) - (date < 0 ? receivedAt : date));
        }
        // Pragma: no-cache and the like of an old upstream is a wish all the same.
        String pragma = head.first("Pragma");
        boolean ours = UNSAID.contains(head.status())
                && !caching.ttl().isZero()
                && (pragma == null || !pragma.contains("no-cache"));
        if (ours && !control.has("no-cache")) {
            return caching.ttl().toMillis();
        }
        return control.has("no-cache") ? 0 : -1;
    }

    /** What the answer says of itself counts; the route's word is none against s-maxage. */
    private static long onError(Directives control, Caching caching) {
        long said = control.seconds("stale-if-error");
        if (said >= 0) {
            return said * 1000;
        }
        return control.has("s-maxage") ? 0 : caching.staleIfError().toMillis();
    }

    /** -1 for a date that is missing or cannot be read. */
    static long millis(@Nullable String date) {
        try {
            return date == null ? -1 : HttpDateTime.parseToEpoch(date);
        } catch (IllegalArgumentException | DateTimeException e) {
            return -1;
        }
    }
}
