package io.latchkey.routes;

import java.math.BigDecimal;
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

/** One row of the route table: which paths, who may call them, where they go, and what they may cost. */
public record Route(
        String id,
        String path,
        List<Server> upstreams,
        boolean allowLinkLocal,
        @Nullable String stripPrefix,
        Set<String> methods,
        @Nullable String scope,
        Access access,
        Timeout timeout,
        DataSize requestSizeLimit,
        Map<String, String> upstreamHeaders,
        Retry retry,
        Breaker breaker,
        @Nullable HealthCheck health,
        Duration slowStart,
        int warm,
        Admission admission,
        @Nullable Caching cache,
        boolean compression,
        @Nullable Fallback fallback,
        @Nullable Metering usage,
        @Nullable CorsPolicy cors) {
    /** Who may call: the holder of a key, or anybody. */
    enum Access {
        KEY,
        PUBLIC
    }

    /** One of the servers behind a route; with twice the weight of another it gets twice the requests. */
    public record Server(URI uri, int weight) {}

    /** How long to wait for the connection, for the first byte of the answer, and for the whole exchange. */
    public record Timeout(Duration connect, Duration firstByte, Duration total) {}

    /**
     * How often to try again.
     *
     * @param attempts all tries counted; 1 = never again
     * @param delay the longest wait before the second try; it doubles with each further one
     * @param onTimeout whether a try that timed out may be repeated too
     */
    public record Retry(int attempts, Duration delay, boolean onTimeout) {}

    /** After how many failures in a row a server is left alone, and for how long. */
    public record Breaker(int failures, Duration open) {}

    /**
     * What is asked of each server, and when its answers count.
     *
     * @param healthy 2xx answers in a row after which a server is asked again
     * @param unhealthy failures in a row after which it is not
     */
    public record HealthCheck(String path, Duration interval, Duration timeout, int healthy, int unhealthy) {}

    /**
     * How much the route lets in.
     *
     * @param concurrency most requests at a time; 0 = as many as come
     * @param concurrencyPerKey most requests at a time of one key; 0 = as many as come
     * @param cost what one request takes from every limit
     */
    public record Admission(int concurrency, int concurrencyPerKey, List<Limit> limits, int cost) {
        public Admission {
            limits = List.copyOf(limits);
        }
    }

    /**
     * At most {@code quota} per {@code window} for each key, or for each address on a public route.
     *
     * @param window an ISO-8601 duration; {@code P1D} and {@code P1M} are the calendar's day and month in UTC
     * @param exact never one over the quota, at the price of a call to Redis
     * @param shadow count and report, refuse nobody
     */
    public record Limit(String name, long quota, String window, boolean exact, boolean shadow) {}

    /**
     * Which answers are kept.
     *
     * @param ttl for how long when the answer itself does not say; zero = then not at all
     * @param shared whether one caller's answer may serve another, if the answer says that it may
     * @param staleIfError for how long after its end an answer may stand in for a failing upstream
     * @param largest bytes of a body above which an answer is not kept
     */
    public record Caching(
            Duration ttl,
            boolean shared,
            Set<String> methods,
            List<String> tags,
            Duration staleIfError,
            DataSize largest) {
        public Caching {
            methods = Set.copyOf(methods);
            tags = List.copyOf(tags);
        }
    }

    /** What is answered when the upstream cannot. */
    public record Fallback(int status, String contentType, String body) {}

    /**
     * Where an answer says how many tokens it took, and what they cost.
     *
     * @param tokens JSON pointer to their number, in the answer or in one of its events, of which the last counts
     * @param model JSON pointer to the model's name; null = of no interest
     * @param pricePerThousand of models without a price of their own, in the currency that operators think in
     * @param prices per thousand tokens, by the model's name
     */
    public record Metering(
            String tokens, @Nullable String model, BigDecimal pricePerThousand, Map<String, BigDecimal> prices) {
        public Metering {
            prices = Map.copyOf(prices);
        }
    }

    static final Set<String> STANDARD_METHODS = Collections.unmodifiableSet(
            new LinkedHashSet<>(List.of("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")));

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
