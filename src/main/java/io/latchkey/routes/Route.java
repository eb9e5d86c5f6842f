package io.latchkey.routes;

import java.net.URI;
import java.time.Duration;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.springframework.util.unit.DataSize;

/** One row of the route table: which paths, who may call them, and where they go. */
public record Route(
        String id,
        String path,
        List<URI> upstreams,
        boolean allowLinkLocal,
        @Nullable String stripPrefix,
        Set<String> methods,
        @Nullable String scope,
        Access access,
        Timeout timeout,
        DataSize requestSizeLimit,
        Map<String, String> upstreamHeaders) {
    /** Who may call: the holder of a key, or anybody. */
    enum Access {
        KEY,
        PUBLIC
    }

    /** How long to wait for the connection, for the first byte of the answer, and for the whole exchange. */
    public record Timeout(Duration connect, Duration firstByte, Duration total) {
        static final Timeout DEFAULT =
                new Timeout(Duration.ofSeconds(1), Duration.ofSeconds(10), Duration.ofSeconds(60));
    }

    static final Set<String> STANDARD_METHODS = Collections.unmodifiableSet(
            new LinkedHashSet<>(List.of("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")));
    static final DataSize DEFAULT_REQUEST_SIZE_LIMIT = DataSize.ofMegabytes(10);

    public Route {
        upstreams = List.copyOf(upstreams);
        methods = Collections.unmodifiableSet(new LinkedHashSet<>(methods));
        upstreamHeaders = Collections.unmodifiableMap(new LinkedHashMap<>(upstreamHeaders));
    }

    /** Whether no key is needed. */
    public boolean isPublic() {
        return access == Access.PUBLIC;
    }

    /** Injected header values are credentials. */
    @Override
    public String toString() {
        return "Route[" + id + ' ' + path + ']';
    }
}
