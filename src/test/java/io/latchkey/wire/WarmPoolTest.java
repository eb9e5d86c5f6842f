package io.latchkey.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.latchkey.proxy.StubUpstream;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.IOException;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.support.StaticListableBeanFactory;

/** Connections that are made ahead are kept only by a pool that is still there. */
class WarmPoolTest {
    @Test
    @SuppressWarnings("try") // Closed in the middle, and again.
    void closedPoolKeepsNoneWarm() throws IOException {
        WireProperties properties =
                new WireProperties(10, Duration.ofSeconds(30), Duration.ofMillis(50), Duration.ofMinutes(5));
        try (StubUpstream upstream = StubUpstream.start();
                Wire wire = new Wire(
                        properties, new StaticListableBeanFactory().getBeanProvider(PrometheusRegistry.class))) {
            Endpoint endpoint = Endpoint.of(upstream.uri(), false);
            wire.keepWarm(endpoint, 2, Duration.ofSeconds(5));
            await().until(() -> upstream.openConnections() == 2);
            wire.close();
            await().until(() -> upstream.openConnections() == 0);
            int before = upstream.connections();
            wire.keepWarm(endpoint, 2, Duration.ofSeconds(5));
            assertThat(upstream.connections()).isEqualTo(before);
        }
    }
}
