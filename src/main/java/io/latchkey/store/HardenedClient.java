package io.latchkey.store;

import io.lettuce.core.AbstractRedisClient;
import io.lettuce.core.ClientOptions;
import io.lettuce.core.ClientOptions.DisconnectedBehavior;
import io.lettuce.core.MaintNotificationsConfig;
import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisException;
import io.lettuce.core.RedisURI;
import io.lettuce.core.SocketOptions;
import io.lettuce.core.SocketOptions.KeepAliveOptions;
import io.lettuce.core.SocketOptions.TcpUserTimeoutOptions;
import io.lettuce.core.SslOptions;
import io.lettuce.core.TimeoutOptions;
import io.lettuce.core.cluster.ClusterClientOptions;
import io.lettuce.core.cluster.ClusterTopologyRefreshOptions;
import io.lettuce.core.cluster.RedisClusterClient;
import io.lettuce.core.codec.StringCodec;
import io.lettuce.core.metrics.CommandLatencyRecorder;
import io.lettuce.core.resource.ClientResources;
import io.lettuce.core.resource.Delay;
import io.lettuce.core.resource.EpollProvider;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;

/** Lettuce with the defaults that hurt turned off: nothing is queued, nothing is sent twice, nothing hangs. */
final class HardenedClient implements AutoCloseable {
    private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(1);
    private static final Duration HANDSHAKE_TIMEOUT = Duration.ofSeconds(2);
    // Each Sentinel of the URL is tried in turn before the server itself.
    private static final Duration ALL_SENTINELS = Duration.ofSeconds(10);
    private static final int QUEUE = 20_000;
    /** How soon it is seen that a cluster has another shape, if no answer says so earlier. */
    private static final Duration TOPOLOGY_EVERY = Duration.ofSeconds(2);

    private final ClientResources resources;
    private final AbstractRedisClient client;
    private final Supplier<CompletionStage<Line>> connector;

    HardenedClient(Server server, SslOptions tls) {
        this(server, tls, StringCodec.UTF8);
    }

    private HardenedClient(Server server, SslOptions tls, StringCodec codec) {
        resources = ClientResources.builder()
                .reconnectDelay(
                        Delay.equalJitter(Duration.ofMillis(10), Duration.ofSeconds(1), 20, TimeUnit.MILLISECONDS))
                .commandLatencyRecorder(CommandLatencyRecorder.disabled())
                .build();
        if (server.isCluster()) {
            RedisClusterClient cluster = RedisClusterClient.create(resources, patient(server.addresses()));
            cluster.setOptions(clusterOptions(tls));
            client = cluster;
            connector = () -> cluster.refreshPartitionsAsync()
                    .thenCompose(refreshed -> cluster.connectAsync(codec))
                    .thenApply(Line.Cluster::new);
        } else {
            RedisClient single = RedisClient.create(resources);
            single.setOptions(hardened(ClientOptions.builder(), tls).build());
            client = single;
            // Asked at each connect: the embedded Redis has no address before it runs.
            connector =
                    () -> single.connectAsync(codec, patient(server.addresses()).getFirst())
                            .thenApply(Line.Single::new);
        }
    }

    /** Each character of a value is one byte, so that any bytes pass as text, neither changed nor grown. */
    static HardenedClient ofBytes(Server server, SslOptions tls) {
        return new HardenedClient(server, tls, new StringCodec(StandardCharsets.ISO_8859_1));
    }

    private static List<RedisURI> patient(List<RedisURI> addresses) {
        for (RedisURI address : addresses) {
            address.setTimeout(HANDSHAKE_TIMEOUT);
            address.getSentinels().forEach(sentinel -> sentinel.setTimeout(HANDSHAKE_TIMEOUT));
        }
        return addresses;
    }

    /** Connects, or throws {@link StoreUnavailable} after a few seconds at most. */
    Line connect() {
        return connect(ALL_SENTINELS.toNanos());
    }

    /** Connects within this time, or throws {@link StoreUnavailable}. */
    Line connect(long nanos) {
        CompletableFuture<Line> connecting = connecting();
        try {
            return connecting.get(nanos, TimeUnit.NANOSECONDS);
        } catch (ExecutionException e) {
            throw new StoreUnavailable("No connection to Redis: " + rootMessage(e), e, false);
        } catch (TimeoutException | InterruptedException e) {
            abandon(connecting);
            if (e instanceof InterruptedException) {
                Thread.currentThread().interrupt();
            }
            throw new StoreUnavailable("No connection to Redis in time");
        }
    }

    @Override
    public void close() {
        client.shutdown(Duration.ZERO, Duration.ofSeconds(2));
        resources.shutdown(0, 2, TimeUnit.SECONDS).awaitUninterruptibly(2, TimeUnit.SECONDS);
    }

    private static ClusterClientOptions clusterOptions(SslOptions tls) {
        ClusterClientOptions.Builder options = ClusterClientOptions.builder();
        hardened(options, tls);
        return options.topologyRefreshOptions(ClusterTopologyRefreshOptions.builder()
                        .enablePeriodicRefresh(TOPOLOGY_EVERY)
                        .adaptiveRefreshTriggersTimeout(TOPOLOGY_EVERY)
                        .build())
                .build();
    }

    private static ClientOptions.Builder hardened(ClientOptions.Builder options, SslOptions tls) {
        SocketOptions.Builder socket = SocketOptions.builder()
                .connectTimeout(CONNECT_TIMEOUT)
                .keepAlive(KeepAliveOptions.builder()
                        .enable()
                        .idle(Duration.ofSeconds(5))
                        .interval(Duration.ofSeconds(2))
                        .count(3)
                        .build());
        if (EpollProvider.isAvailable()) {
            // Keep-alive probes are not sent while data is unacknowledged, that is, under traffic.
            socket.tcpUserTimeout(TcpUserTimeoutOptions.builder()
                    .enable()
                    .tcpUserTimeout(Duration.ofSeconds(10))
                    .build());
        }
        return options.socketOptions(socket.build())
                .sslOptions(tls)
                .disconnectedBehavior(DisconnectedBehavior.REJECT_COMMANDS)
                .requestQueueSize(QUEUE)
                // True means: do not send it again after a reconnect. A write that was lost half-way may have happened.
                .replayFilter(command -> true)
                .autoReconnect(true)
                // Every caller waits with a deadline of its own; a timer per command would cost and do nothing.
                .timeoutOptions(TimeoutOptions.builder().timeoutCommands(false).build())
                .maintNotificationsConfig(MaintNotificationsConfig.disabled());
    }

    private CompletableFuture<Line> connecting() {
        try {
            return connector.get().toCompletableFuture();
        } catch (RedisException e) {
            throw Replies.failure(e);
        }
    }

    @SuppressWarnings("FutureReturnValueIgnored")
    private static void abandon(CompletableFuture<Line> connecting) {
        connecting.thenAccept(Line::close);
    }

    private static String rootMessage(Throwable error) {
        Throwable root = error;
        for (Throwable cause = error.getCause(); cause != null; cause = cause.getCause()) {
            root = cause;
        }
        return String.valueOf(root.getMessage());
    }
}
