package io.latchkey.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.latchkey.Gateway;
import io.latchkey.Gateway.Answer;
import io.latchkey.proxy.StubUpstream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** A resolver that hangs costs the routes behind it their connect budget, and nobody else anything. */
class NamesTest {
    private static StubUpstream upstream;
    private static Gateway gateway;

    @BeforeAll
    static void start() throws IOException {
        upstream = StubUpstream.start();
        Path routes = Files.writeString(Files.createTempFile("routes", ".yml"), """
                routes:
                  - { id: one, path: /api/one, access: public, upstreams: ["http://one.hangs.test:%1$d"], timeout: { connect: 300ms, total: 20s } }
                  - { id: two, path: /api/two, access: public, upstreams: ["http://two.hangs.test:%1$d"], timeout: { connect: 300ms, total: 20s }, health: { path: /up, interval: 1s, timeout: 500ms } }
                  - { id: up, path: /api/up, access: public, upstreams: ["http://localhost:%1$d"] }
                """.formatted(upstream.port()));
        gateway = Gateway.start(
                "--latchkey.routes-file=" + routes,
                "--latchkey.rate-limiting.disabled=true",
                "--latchkey.upstreams.circuit-breakers-disabled=true");
    }

    @AfterAll
    static void stop() throws IOException {
        SlowNames.release();
        gateway.close();
        upstream.close();
    }

    @Test
    void lookUpThatHangsEndsAtTheConnectBudgetAndIsSharedByAllWhoWaitForIt() throws Exception {
        try (ExecutorService callers = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<Answer>> answers = new ArrayList<>();
            for (int i = 0; i < 40; i++) {
                String path = i % 2 == 0 ? "/api/one" : "/api/two";
                answers.add(callers.submit(() -> gateway.send("GET", path, "")));
            }
            for (Future<Answer> each : answers) {
                Answer answer = each.get();
                assertThat(answer.status()).isEqualTo(504);
                assertThat(answer.get("code")).isEqualTo("upstream-timeout");
            }
        }
        assertThat(SlowNames.underWay()).isEqualTo(2);
        assertThat(gateway.send("GET", "/api/up", "").status()).isEqualTo(200);
        SlowNames.release();
        for (String path : List.of("/api/one", "/api/two")) {
            await().until(() -> gateway.send("GET", path, "").status() == 200);
        }
        assertThat(SlowNames.underWay()).isZero();
    }
}
