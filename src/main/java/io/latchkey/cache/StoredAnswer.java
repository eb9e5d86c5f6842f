package io.latchkey.cache;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * An upstream's complete answer, and what must be known to use it again.
 *
 * @param receivedAt when its head was there, in milliseconds of the store's clock
 * @param initialAge how old it was then, in milliseconds (RFC 9111, 4.2.3)
 * @param vary the request's fields that it depends on
 * @param tags by which it can be purged
 * @param purge the last purge that this node knew when it asked the upstream
 */
// A body is not copied for each who reads it; nobody writes to it.
@SuppressWarnings("ArrayRecordComponent")
record StoredAnswer(
        Head head,
        byte[] body,
        Terms terms,
        long receivedAt,
        long initialAge,
        List<String> vary,
        List<String> tags,
        long purge,
        String epoch)
        implements Slot {
    // What the objects around the bytes take, roughly.
    private static final int OVERHEAD = 600;
    private static final int OVERHEAD_FIELD = 150;

    /** For how long a stale answer that can be asked for anew is worth its place. */
    private static final long KEPT_FOR_ITS_VALIDATOR = 600_000;

    StoredAnswer {
        vary = List.copyOf(vary);
        tags = List.copyOf(tags);
    }

    long age(long now) {
        return initialAge + Math.max(0, now - receivedAt);
    }

    /** Milliseconds for which it stays fresh; negative for how long it has been stale. */
    long freshFor(long now) {
        return terms.lifetime() - age(now);
    }

    boolean isFresh(long now) {
        return !terms.alwaysAsk() && freshFor(now) > 0;
    }

    boolean mayStandIn(long now) {
        return terms.onError() > 0 && freshFor(now) + terms.onError() > 0;
    }

    boolean mayBeServedMeanwhile(long now) {
        return terms.whileRevalidating() > 0 && freshFor(now) + terms.whileRevalidating() > 0;
    }

    /** Milliseconds after which nothing can be done with it any more. */
    long usableFor(long now) {
        long stale = Math.max(terms.onError(), terms.whileRevalidating());
        return freshFor(now) + (canBeAskedAnew() ? Math.max(stale, KEPT_FOR_ITS_VALIDATOR) : stale);
    }

    boolean canBeAskedAnew() {
        return etag() != null || lastModified() != null;
    }

    @Nullable
    String etag() {
        return head.first("ETag");
    }

    @Nullable
    String lastModified() {
        return head.first("Last-Modified");
    }

    @Override
    public int weight() {
        return OVERHEAD + OVERHEAD_FIELD * head.fields().size() + body.length;
    }
}
