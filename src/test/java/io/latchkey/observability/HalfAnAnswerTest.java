package io.latchkey.observability;

import static org.assertj.core.api.Assertions.assertThat;

import io.latchkey.Gateway;
import io.latchkey.RawClient;
import io.latchkey.proxy.StubUpstream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A caller that knows the end of an answer only by the end of its connection is told when that was no end. */
class HalfAnAnswerTest {
    private static final String CHUNKED = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n";

    private static StubUpstream upstream;
    private static Gateway gateway;

    @BeforeAll
    static void start() throws IOException {
        upstream = StubUpstream.start();
        Path routes = Files.writeString(Files.createTempFile("routes", ".yml"), """
                routes:
                  - id: up
                    path: /api/up/**
                    access: public
                    upstreams: ["%s"]
                    timeout: { firstByte: 300ms, total: 900ms }
                """.formatted(upstream.uri()));
        gateway = Gateway.start("--latchkey.routes-file=" + routes, "--latchkey.rate-limiting.disabled=true");
    }

    @AfterAll
    static void stop() throws IOException {
        gateway.close();
        upstream.close();
    }

    @BeforeEach
    void reset() {
        upstream.reset();
    }

    private static RawClient.Answer get(String version) throws IOException {
        return RawClient.call(
                gateway.port(), "GET /api/up/x HTTP/" + version + "\r\nHost: g\r\nConnection: close\r\n\r\n");
    }

    @ParameterizedTest
    @ValueSource(strings = {"1.0", "1.1"})
    void brokenOffUpstreamIsACutAnswer(String version) throws IOException {
        upstream.script((request, wire) -> {
            wire.write(CHUNKED);
            wire.end();
        });
        RawClient.Answer answer = get(version);
        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.values("Content-Length")).isEmpty();
        assertThat(answer.clean()).isFalse();
    }

    @ParameterizedTest
    @ValueSource(strings = {"1.0", "1.1"})
    void stallingUpstreamIsACutAnswerAtTheDeadline(String version) throws IOException {
        upstream.script((request, wire) -> {
            wire.write(CHUNKED);
            wire.awaitEnd();
        });
        RawClient.Answer answer = get(version);
        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.clean()).isFalse();
    }

    @ParameterizedTest
    @ValueSource(strings = {"1.0", "1.1"})
    void wholeAnswerEndsProperly(String version) throws IOException {
        upstream.answer(CHUNKED + "0\r\n\r\n");
        for (int i = 0; i < 20; i++) {
            RawClient.Answer answer = get(version);
            assertThat(answer.text()).isEqualTo("half");
            assertThat(answer.clean()).isTrue();
        }
    }

    @Test
    void answerThatOnlyTheUpstreamsCloseEndsIsWholeForACallerOfTheSameKind() throws IOException {
        upstream.script((request, wire) -> {
            wire.write("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nall of it");
            wire.end();
        });
        RawClient.Answer answer = get("1.0");
        assertThat(answer.text()).isEqualTo("all of it");
        assertThat(answer.clean()).isTrue();
    }
}
