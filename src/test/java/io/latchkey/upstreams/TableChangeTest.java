package io.latchkey.upstreams;

import static io.latchkey.upstreams.Bench.A;
import static io.latchkey.upstreams.Bench.B;
import static org.assertj.core.api.Assertions.assertThat;

import io.latchkey.routes.Route;
import io.latchkey.routes.TestRoutes;
import io.prometheus.metrics.expositionformats.PrometheusTextFormatWriter;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What is known of a server lives as long as the server stands in the table. */
class TableChangeTest {
    private static final String ONE = "upstreams: ['http://a.test:1']";
    private static final String TWO = "upstreams: ['http://a.test:1', 'http://b.test:2']";

    private final Bench bench = Bench.withBreakers();

    @AfterEach
    void close() {
        bench.close();
    }

    @Test
    void aServerThatStaysIsStillLeftAlone() {
        Route route = bench.follow(ONE);
        bench.failTimes(route, 5);
        Route same = bench.follow(ONE + ", timeout: { total: 5s }");
        bench.assertRefused(same);
        Route more = bench.follow(TWO);
        assertThat(bench.shares(more, 100)).doesNotContainKey(A);
    }

    @Test
    void anotherSettingOfTheBreakerStartsItAnew() {
        Route route = bench.follow(ONE);
        bench.failTimes(route, 5);
        Route changed = bench.follow(ONE + ", breaker: { failures: 6 }");
        bench.failTimes(changed, 6);
        bench.assertRefused(changed);
    }

    @Test
    void aServerThatWasGoneIsForgotten() {
        Route route = bench.follow(ONE);
        bench.failTimes(route, 5);
        bench.follow("upstreams: ['http://b.test:2']");
        bench.succeed(bench.follow(ONE));
    }

    @Test
    void oneRouteSaysNothingAboutAnothersServer() {
        Route first = TestRoutes.route("first", ONE);
        Route second = TestRoutes.route("second", ONE);
        bench.upstreams.follow(List.of(first, second));
        bench.failTimes(first, 5);
        bench.assertRefused(first);
        bench.succeed(second);
    }

    @Test
    void aRequestThatBeganUnderTheOldTableEndsByIt() {
        Route old = bench.follow(TWO);
        Turn begun = bench.choose(old);
        Route now = bench.follow("upstreams: ['http://b.test:2']");
        bench.failTimes(now, 5);
        begun.failed();
        // Its retry goes where its own route leads, but what the new table learnt of that server holds.
        assertThat(bench.shares(old, 100)).containsOnlyKeys(A);
        begun.close();
        bench.upstreams.follow(List.of());
        bench.succeed(old);
    }

    @Test
    void aRouteThatGoesTakesItsSeriesWithIt() throws IOException {
        PrometheusRegistry meters = new PrometheusRegistry();
        assertThat(new UpstreamMeters(bench.upstreams, meters)).isNotNull();
        Route route = bench.follow(TWO);
        bench.eject(route, A, 5);
        bench.upstreams.mayTryAgain(route);
        try (Turn open = bench.choose(route)) {
            assertThat(open.uri()).isEqualTo(B);
            assertThat(scrape(meters))
                    .contains("latchkey_breaker_state{route=\"test\",upstream=\"a.test:1\"} 2.0")
                    .contains("latchkey_breaker_state{route=\"test\",upstream=\"b.test:2\"} 0.0")
                    .contains("latchkey_upstream_up{route=\"test\",upstream=\"a.test:1\"} 1.0")
                    .contains("latchkey_upstream_in_flight{route=\"test\",upstream=\"b.test:2\"} 1.0")
                    .contains("latchkey_upstream_ejections_total{route=\"test\",upstream=\"a.test:1\"} 1.0")
                    .contains("latchkey_retries_total{outcome=\"allowed\",route=\"test\"} 1.0")
                    .contains("latchkey_retries_total{outcome=\"refused\",route=\"test\"} 0.0");
        }
        bench.upstreams.follow(List.of(TestRoutes.route("other", ONE)));
        assertThat(scrape(meters)).doesNotContain("route=\"test\"").contains("route=\"other\"");
    }

    @Test
    void twoServersOfOneHostAndPortKeepSeriesOfTheirOwn() throws IOException {
        PrometheusRegistry meters = new PrometheusRegistry();
        assertThat(new UpstreamMeters(bench.upstreams, meters)).isNotNull();
        bench.follow("upstreams: ['http://a.test:1/x', 'http://a.test:1/y', 'https://a.test']");
        assertThat(scrape(meters))
                .contains("upstream=\"http://a.test:1/x\"", "upstream=\"http://a.test:1/y\"")
                .contains("upstream=\"a.test:443\"");
    }

    private static String scrape(PrometheusRegistry meters) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        PrometheusTextFormatWriter.create().write(out, meters.scrape());
        return out.toString(StandardCharsets.UTF_8);
    }
}
