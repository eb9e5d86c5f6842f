package io.latchkey.wire;

import io.prometheus.metrics.core.metrics.GaugeWithCallback;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.stereotype.Component;

/** The connections to all upstreams. */
@Component
public final class Wire implements AutoCloseable {
    private static final long TIDY_MILLIS = 1000;

    private final WireProperties properties;
    private final Dialer dialer = new Dialer();
    private final Deadlines deadlines = new Deadlines();
    private final Map<Endpoint, Pool> pools = new ConcurrentHashMap<>();

    Wire(WireProperties properties, ObjectProvider<PrometheusRegistry> registries) {
        this.properties = properties;
        PrometheusRegistry registry = registries.getIfAvailable(PrometheusRegistry::new);
        deadlines.every(TIDY_MILLIS, () -> pools.values().forEach(Pool::tidy));
        GaugeWithCallback.builder()
                .name("latchkey_upstream_connections")
                .help("Connections to upstreams, in use and idle.")
                .labelNames("upstream", "state")
                .callback(callback -> pools.values().forEach(pool -> {
                    callback.call(pool.inUse(), pool.endpoint().label(), "in-use");
                    callback.call(pool.idle(), pool.endpoint().label(), "idle");
                }))
                .register(registry);
        GaugeWithCallback.builder()
                .name("latchkey_upstream_connections_limit")
                .help("How many connections to a host and port there may be.")
                .labelNames("upstream")
                .callback(callback -> pools.values()
                        .forEach(pool -> callback.call(
                                properties.maxConnectionsPerUpstream(),
                                pool.endpoint().label())))
                .register(registry);
    }

    /**
     * Lends a connection for one exchange; closing it gives it back.
     *
     * @param patience how long to wait for a free connection, or for a new one
     * @param end when the exchange is over in any case, in terms of {@link System#nanoTime}
     */
    public Connection open(Endpoint endpoint, Duration patience, long end) throws WireFailure {
        return pool(endpoint).lend(patience, end);
    }

    /** Bounds what the calling thread does until it is closed. */
    public TimeLimit limit(long end) {
        return new TimeLimit(deadlines, end);
    }

    /** Connects ahead, until that many connections are there. */
    public void keepWarm(Endpoint endpoint, int count, Duration patience) throws WireFailure {
        pool(endpoint).keepWarm(count, patience);
    }

    private Pool pool(Endpoint endpoint) {
        Pool known = pools.get(endpoint);
        return known != null
                ? known
                : pools.computeIfAbsent(endpoint, name -> new Pool(name, properties, dialer, deadlines));
    }

    @Override
    public void close() {
        deadlines.close();
        pools.values().forEach(Pool::close);
    }
}
