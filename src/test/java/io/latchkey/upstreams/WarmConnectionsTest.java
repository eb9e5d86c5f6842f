package io.latchkey.upstreams;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.latchkey.Gateway;
import io.latchkey.proxy.StubUpstream;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Connections are there before the first request needs them. */
class WarmConnectionsTest {
    @Test
    void oneDeadConnectionIsNotFollowedByAnother(@TempDir Path directory) throws Exception {
        try (StubUpstream warm = StubUpstream.start()) {
            Path routes = Files.writeString(directory.resolve("routes.yml"), """
                    routes:
                      - { id: warm, path: /api/warm/**, access: public, warm: 8, upstreams: [ '%s' ] }
                    """.formatted(warm.uri()));
            // None is looked at before it is used, and there are more of them than tries.
            try (Gateway gateway =
                    Gateway.start("--latchkey.routes-file=" + routes, "--latchkey.wire.check-after-idle=10m")) {
                await().until(() -> warm.openConnections() == 8);
                warm.dropConnections();
                assertThat(gateway.send("GET", "/api/warm/x", "").status()).isEqualTo(200);
            }
        }
    }

    @Test
    void theFirstRequestFindsConnectionsReadyAndThoseThatEndAreReplaced(@TempDir Path directory) throws Exception {
        try (StubUpstream warm = StubUpstream.start();
                StubUpstream cold = StubUpstream.start()) {
            Path routes = Files.writeString(directory.resolve("routes.yml"), """
                    routes:
                      - { id: warm, path: /api/warm/**, access: public, warm: 3, upstreams: [ '%s' ] }
                      - { id: cold, path: /api/cold/**, access: public, upstreams: [ '%s' ] }
                    """.formatted(warm.uri(), cold.uri()));
            try (Gateway gateway = Gateway.start("--latchkey.routes-file=" + routes)) {
                await().until(() -> warm.openConnections() == 3);
                assertThat(gateway.send("GET", "/api/warm/x", "").status()).isEqualTo(200);
                assertThat(warm.connections())
                        .as("none was made for the request")
                        .isEqualTo(3);
                assertThat(cold.connections()).isZero();

                warm.dropConnections();
                assertThat(gateway.send("GET", "/api/warm/x", "").status()).isEqualTo(200);
                await().until(() -> warm.openConnections() == 3);
            }
            await().until(() -> warm.openConnections() == 0);
        }
    }
}
