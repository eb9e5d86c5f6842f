package io.latchkey.store;

import io.lettuce.core.RedisURI;
import java.net.URI;
import java.util.Locale;
import java.util.Set;

/** A Redis that somebody else runs, named by {@code LATCHKEY_REDIS_URL}. */
record ExternalRedis(RedisURI address, String mode) implements Server {
    private static final Set<String> STANDALONE = Set.of("redis", "rediss");
    private static final Set<String> SENTINEL = Set.of("redis-sentinel", "rediss-sentinel");

    /** Never repeats the URL in a message: it holds the password. */
    static ExternalRedis of(String url) {
        return of("LATCHKEY_REDIS_URL", url);
    }

    static ExternalRedis of(String variable, String url) {
        String accepted = "Set " + variable + " to redis://[user:password@]host[:port][/db], to "
                + "rediss://… for TLS, or to redis-sentinel://[password@]host[:port],host2[:port]…[/db]#master "
                + "(rediss-sentinel://… for TLS); or leave it empty for an embedded Redis.";
        String trimmed = url.strip();
        int end = trimmed.indexOf("://");
        String scheme = end < 0 ? "" : trimmed.substring(0, end).toLowerCase(Locale.ROOT);
        if (!STANDALONE.contains(scheme) && !SENTINEL.contains(scheme)) {
            throw new StartRefused(
                    scheme.matches("[a-z][a-z0-9+.-]{0,30}")
                            ? variable + " has the scheme " + scheme + "://, which is not supported."
                            : variable + " is not a URL.",
                    accepted);
        }
        try {
            RedisURI address = RedisURI.create(URI.create(scheme + trimmed.substring(end)));
            boolean sentinel = SENTINEL.contains(scheme);
            if (sentinel && address.getSentinelMasterId() == null) {
                throw new StartRefused(variable + " names no Sentinel master.", accepted);
            }
            return new ExternalRedis(address, sentinel ? "sentinel" : "standalone");
        } catch (IllegalArgumentException e) {
            throw new StartRefused(variable + " cannot be read.", accepted);
        }
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
