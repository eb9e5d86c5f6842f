package io.latchkey.proxy;

import io.latchkey.routes.Route;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadLocalRandom;
import org.apache.hc.client5.http.config.ConnectionConfig;
import org.apache.hc.client5.http.impl.io.ManagedHttpClientConnectionFactory;
import org.apache.hc.client5.http.impl.io.PoolingHttpClientConnectionManager;
import org.apache.hc.client5.http.impl.io.PoolingHttpClientConnectionManagerBuilder;
import org.apache.hc.core5.http.config.CharCodingConfig;
import org.apache.hc.core5.http.config.Http1Config;
import org.apache.hc.core5.http.io.SocketConfig;
import org.apache.hc.core5.io.CloseMode;
import org.apache.hc.core5.pool.PoolConcurrencyPolicy;
import org.apache.hc.core5.util.TimeValue;
import org.apache.hc.core5.util.Timeout;
import org.springframework.stereotype.Component;

/**
 * All upstreams with their pooled connections.
 *
 * <p>Of the HTTP client only connections and framing are used, not its request chain: there is no code in the way that
 * could retry, follow a redirect, keep a cookie, answer a challenge or unpack a body.
 */
@Component
final class Upstreams implements AutoCloseable {
    private static final int BUFFER_BYTES = 16 * 1024;
    private static final int MOST_HEADERS = 200;

    private final Map<URI, Upstream> upstreams = new ConcurrentHashMap<>();
    private final Deadlines deadlines = new Deadlines();
    private final PoolingHttpClientConnectionManager connections;
    private final TimeValue idle;

    Upstreams(ProxyProperties properties) {
        this.idle = TimeValue.of(properties.connectionIdle());
        Http1Config http = Http1Config.custom()
                .setBufferSize(BUFFER_BYTES)
                .setChunkSizeHint(BUFFER_BYTES)
                .setMaxHeaderCount(MOST_HEADERS)
                .setMaxLineLength(AnswerParser.MOST_HEAD_BYTES)
                .setMaxEmptyLineCount(1)
                .build();
        this.connections = PoolingHttpClientConnectionManagerBuilder.create()
                .setPoolConcurrencyPolicy(PoolConcurrencyPolicy.LAX)
                .setMaxConnPerRoute(properties.maxConnectionsPerUpstream())
                .setMaxConnTotal(Integer.MAX_VALUE)
                .setDefaultSocketConfig(SocketConfig.custom()
                        .setSoTimeout(Timeout.DISABLED)
                        .setTcpNoDelay(true)
                        .build())
                .setDefaultConnectionConfig(ConnectionConfig.custom()
                        .setSocketTimeout(Timeout.DISABLED)
                        .setValidateAfterInactivity(TimeValue.of(properties.checkAfterIdle()))
                        .build())
                .setConnectionFactory(ManagedHttpClientConnectionFactory.builder()
                        .http1Config(http)
                        // Without a charset the client turns some octets of header values into question marks.
                        .charCodingConfig(CharCodingConfig.custom()
                                .setCharset(StandardCharsets.ISO_8859_1)
                                .build())
                        .responseParserFactory(new AnswerParser.Factory(http))
                        .build())
                .build();
    }

    /** The less busy of two chosen at random: nearly as even as the least busy of all, without looking at all. */
    Upstream choose(Route route) {
        List<URI> uris = route.upstreams();
        if (uris.size() == 1) {
            return upstream(uris.getFirst());
        }
        ThreadLocalRandom random = ThreadLocalRandom.current();
        int first = random.nextInt(uris.size());
        int second = random.nextInt(uris.size() - 1);
        Upstream one = upstream(uris.get(first));
        Upstream other = upstream(uris.get(second >= first ? second + 1 : second));
        return one.inFlight().get() <= other.inFlight().get() ? one : other;
    }

    Exchange open(Upstream upstream, Route.Timeout timeout) {
        return new Exchange(upstream, timeout, connections, idle, deadlines);
    }

    private Upstream upstream(URI uri) {
        Upstream known = upstreams.get(uri);
        return known != null ? known : upstreams.computeIfAbsent(uri, Upstream::new);
    }

    @Override
    public void close() {
        deadlines.close();
        connections.close(CloseMode.IMMEDIATE);
    }
}
