package io.latchkey.store;

import io.lettuce.core.RedisURI;
import java.net.URI;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Stream;

/** A Redis that somebody else runs, named by {@code LATCHKEY_REDIS_URL}. */
record ExternalRedis(List<RedisURI> addresses, String mode) implements Server {
    private static final Set<String> STANDALONE = Set.of("redis", "rediss");
    private static final Set<String> SENTINEL = Set.of("redis-sentinel", "rediss-sentinel");
    private static final Set<String> CLUSTER = Set.of("redis-cluster", "rediss-cluster");

    ExternalRedis {
        addresses = List.copyOf(addresses);
    }

    /** Never repeats the URL in a message: it holds the password. */
    static ExternalRedis of(String url) {
        return of("LATCHKEY_REDIS_URL", url);
    }

    static ExternalRedis of(String variable, String url) {
        String accepted = "Set " + variable + " to redis://[user:password@]host[:port][/db], to "
                + "rediss://… for TLS, or to redis-sentinel://[password@]host[:port],host2[:port]…[/db]#master "
                + "(rediss-sentinel://… for TLS), or to redis-cluster://[user:password@]host[:port],host2[:port]… "
                + "(rediss-cluster://… for TLS); or leave it empty for an embedded Redis.";
        String trimmed = url.strip();
        int end = trimmed.indexOf("://");
        String scheme = end < 0 ? "" : trimmed.substring(0, end).toLowerCase(Locale.ROOT);
        if (!STANDALONE.contains(scheme) && !SENTINEL.contains(scheme) && !CLUSTER.contains(scheme)) {
            throw new StartRefused(
                    scheme.matches("[a-z][a-z0-9+.-]{0,30}")
                            ? variable + " has the scheme " + scheme + "://, which is not supported."
                            : variable + " is not a URL.",
                    accepted);
        }
        try {
            if (CLUSTER.contains(scheme)) {
                return new ExternalRedis(seeds(scheme.replace("-cluster", ""), trimmed.substring(end + 3)), "cluster");
            }
            RedisURI address = RedisURI.create(URI.create(scheme + trimmed.substring(end)));
            boolean sentinel = SENTINEL.contains(scheme);
            if (sentinel && address.getSentinelMasterId() == null) {
                throw new StartRefused(variable + " names no Sentinel master.", accepted);
            }
            return new ExternalRedis(List.of(address), sentinel ? "sentinel" : "standalone");
        } catch (IllegalArgumentException e) {
            throw new StartRefused(variable + " cannot be read.", accepted);
        }
    }

    /** Each server of the list, with the same user and password. */
    private static List<RedisURI> seeds(String scheme, String authority) {
        int at = authority.lastIndexOf('@') + 1;
        String user = authority.substring(0, at);
        return Stream.of(authority.substring(at).split(",", -1))
                .map(host -> RedisURI.create(URI.create(scheme + "://" + user + host)))
                .toList();
    }

    @Override
    public void start() {
        // It runs without us, or we wait for it.
    }

    @Override
    public boolean isFresh() {
        return false;
    }

    @Override
    public void close() {
        // Not ours to stop.
    }
}
