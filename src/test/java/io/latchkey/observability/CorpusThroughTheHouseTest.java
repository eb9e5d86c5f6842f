package io.latchkey.observability;

import static org.assertj.core.api.Assertions.assertThat;

import io.latchkey.Gateway;
import io.latchkey.RawClient;
import io.latchkey.proxy.StubUpstream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Replays the corpus through the whole walk, with an open route to a recording upstream. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class CorpusThroughTheHouseTest {
    private StubUpstream upstream;
    private Gateway gateway;

    @BeforeAll
    void open() throws IOException {
        upstream = StubUpstream.start();
        Path routes = Files.writeString(Files.createTempFile("routes", ".yml"), """
                routes:
                  - id: open
                    path: /api/**
                    access: public
                    upstreams: [ "%s" ]
                """.formatted(upstream.uri()));
        gateway = Gateway.start("--latchkey.routes-file=" + routes);
    }

    @AfterAll
    void close() throws IOException {
        gateway.close();
        upstream.close();
    }

    static Stream<Path> requests() throws IOException {
        return RawRequestCorpusTest.requests();
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("requests")
    void noRequestReachesTheUpstreamTwiceOrUnderAnotherName(Path file) throws IOException {
        upstream.reset();
        upstream.answer(StubUpstream.OK);

        RawClient.Exchange exchange = RawClient.exchange(gateway.port(), Files.readAllBytes(file));

        assertThat(exchange.answers()).noneMatch(answer -> answer.status() == 500);
        for (StubUpstream.Received received : upstream.received()) {
            // A query is passed as it came, still encoded.
            String path = received.target().replaceFirst("\\?.*", "");
            assertThat(received.target()).doesNotContain("smuggled");
            assertThat(path)
                    .startsWith("/api/")
                    .doesNotContain("..", "//", ";", "\\", "admin")
                    .doesNotContainIgnoringCase("%2e", "%2f", "%5c", "%00", "%0d", "%0a", "%25");
            assertThat(received.names())
                    .noneMatch(name -> name.equalsIgnoreCase("X-API-Key"))
                    .noneMatch(name -> name.contains("_"));
        }
        long answered = exchange.answers().stream()
                .filter(answer -> answer.status() == 200)
                .count();
        assertThat(upstream.received().stream()
                        .filter(StubUpstream.Received::isWhole)
                        .count())
                .isLessThanOrEqualTo(answered);
    }
}
