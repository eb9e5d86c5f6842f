package io.latchkey.cache;

import io.latchkey.cache.Filling.Verdict;
import io.latchkey.problems.Refused;
import java.io.IOException;
import java.net.URI;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A request that goes past the cache; what it may have changed at the upstream is no longer served from here. */
final class Pass implements Filling.Judge {
    private static final String[] OTHERS_TOUCHED = {"Location", "Content-Location"};

    private final Visit visit;
    private final @Nullable Library library;
    private final String cacheStatus;
    private int status;

    /** {@code library}: null when the request changes nothing. */
    Pass(Visit visit, @Nullable Library library, String cacheStatus) {
        this.visit = visit;
        this.library = library;
        this.cacheStatus = cacheStatus;
    }

    Outcome run() throws IOException {
        Filling filling = new Filling(visit.response(), this);
        try {
            visit.fill().forward(Map.of(), visit.request(), filling);
            filling.finish();
        } catch (Refused refused) {
            // Whether the upstream acted is unknown.
            invalidate(visit.own());
            if (!Rescue.isFailure(refused)
                    || filling.hasPassed()
                    || visit.response().isCommitted()) {
                throw refused;
            }
            return Rescue.of(visit, null, 0, refused);
        } catch (IOException e) {
            // The caller is gone; the upstream may have acted all the same.
            invalidate(visit.own());
            throw e;
        }
        return filling.hasPassed() ? Outcome.BYPASS : Rescue.of(visit, null, 0, status);
    }

    @Override
    public Verdict judge(Head head, long length) {
        status = head.status();
        if (Rescue.canReplace(visit, null, 0, status)) {
            invalidate(visit.own());
            return Verdict.SWALLOWED;
        }
        if (status < 400) {
            // Before the caller can know that it worked.
            invalidate(visit.own());
            for (String name : OTHERS_TOUCHED) {
                String other = head.first(name);
                if (other != null) {
                    invalidateOther(other);
                }
            }
        }
        return new Verdict(true, 0, cacheStatus, null);
    }

    @Override
    public void lost() {
        throw new IllegalStateException("nothing is recorded");
    }

    @Override
    public void complete() {
        throw new IllegalStateException("nothing is recorded");
    }

    private void invalidate(Place place) {
        if (library != null) {
            library.invalidate(place);
        }
    }

    /** RFC 9111, 4.4; of the same authority only, lest one resource empties the cache of all others. */
    private void invalidateOther(String reference) {
        if (library == null) {
            return;
        }
        URI other;
        try {
            URI own = URI.create(visit.own().authority() + visit.own().target());
            other = own.resolve(reference);
        } catch (IllegalArgumentException e) {
            return;
        }
        String path = other.getRawPath();
        if (path == null || !path.startsWith("/") || !isOurs(other)) {
            return;
        }
        String target = other.getRawQuery() == null ? path : path + '?' + other.getRawQuery();
        invalidate(visit.own().of(target));
        // As the caller sees it; the upstream may know its public address.
        String prefix = visit.route().stripPrefix();
        if (prefix != null && target.startsWith(prefix + '/')) {
            invalidate(visit.own().of(target.substring(prefix.length())));
        }
    }

    private boolean isOurs(URI other) {
        String authority = authority(other);
        return authority.equals(authority(URI.create(visit.own().authority())))
                || visit.route().upstreams().stream().anyMatch(server -> authority.equals(authority(server.uri())));
    }

    private static String authority(URI uri) {
        int port = uri.getPort() >= 0 ? uri.getPort() : "https".equals(uri.getScheme()) ? 443 : 80;
        return uri.getHost() + ":" + port;
    }
}
