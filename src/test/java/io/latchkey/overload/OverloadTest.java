package io.latchkey.overload;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;

import io.latchkey.Gateway;
import io.latchkey.Gateway.Answer;
import io.latchkey.RawClient;
import io.latchkey.problems.Refusal;
import io.latchkey.problems.Refused;
import io.latchkey.proxy.StubUpstream;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.mock.web.MockHttpServletRequest;

/** More comes than there is room for, or somebody does not read. */
class OverloadTest {
    private static final int INSIDE = 4;
    private static final int WAITING = 3;

    @TempDir
    private static Path directory;

    private static StubUpstream upstream;
    private static Gateway gateway;

    @BeforeAll
    static void start() throws IOException {
        upstream = StubUpstream.start();
        Path routes = Files.writeString(directory.resolve("routes.yml"), """
                routes:
                  - id: up
                    path: /api/up/**
                    access: public
                    upstreams: ["%s"]
                    timeout: { firstByte: 2m, total: 1h }
                """.formatted(upstream.uri()));
        gateway = Gateway.start(
                "--latchkey.routes-file=" + routes,
                "--latchkey.wire.check-after-idle=0s",
                "--latchkey.overload.max-inside=" + INSIDE,
                "--latchkey.overload.max-waiting=" + WAITING,
                "--latchkey.rate-limiting.disabled=true",
                "--latchkey.overload.patience=1m",
                // The machine that tests is busy itself; the pressure is made by hand.
                "--latchkey.overload.max-delay=10s",
                "--latchkey.front-door.answer-grace=1s",
                "--latchkey.front-door.min-answer-rate=1MB");
    }

    @AfterAll
    static void stop() throws IOException {
        gateway.close();
        upstream.close();
    }

    private static Answer call() {
        return gateway.send("GET", "/api/up/x", "");
    }

    @Test
    void aCrowdWaitsInOrderAndTheRestIsToldAtOnce() throws Exception {
        upstream.reset();
        CountDownLatch release = new CountDownLatch(1);
        upstream.script((request, wire) -> {
            awaitQuietly(release);
            wire.write(StubUpstream.OK);
        });
        double crowd = shed("crowd");
        List<Future<Answer>> served = new ArrayList<>();
        try (ExecutorService callers = Executors.newVirtualThreadPerTaskExecutor()) {
            for (int i = 0; i < INSIDE; i++) {
                served.add(callers.submit(OverloadTest::call));
            }
            await().until(() -> upstream.received().size() == INSIDE);
            for (int i = 0; i < WAITING; i++) {
                served.add(callers.submit(OverloadTest::call));
            }
            await().until(() -> gateway.bean(Entrance.class).waiting() == WAITING);
            Answer refused = call();
            assertThat(refused.status()).isEqualTo(503);
            assertThat(refused.get("code")).isEqualTo("overloaded");
            assertThat(refused.get("retryable")).isEqualTo("true");
            assertThat(refused.header("Retry-After")).matches("[1-3]");
            assertThat(shed("crowd")).isEqualTo(crowd + 1);
            assertThat(gateway.send("GET", "/api/health", "").status()).isEqualTo(200);
            assertThat(upstream.received()).hasSize(INSIDE);
            release.countDown();
            for (Future<Answer> answer : served) {
                assertThat(answer.get().status()).isEqualTo(200);
            }
        } finally {
            release.countDown();
        }
        assertThat(call().status()).isEqualTo(200);
    }

    @Test
    void patienceEnds() {
        OverloadProperties properties = new OverloadProperties(1, 1, Duration.ofMillis(20), Duration.ZERO);
        try (Pressure pressure = new Pressure(properties, new Turnstile())) {
            Entrance entrance =
                    new Entrance(properties, pressure, new OverloadMeters(new PrometheusRegistry(), pressure));
            MockHttpServletRequest request = new MockHttpServletRequest("GET", "/api/x");
            Place first = entrance.enter(request);
            Refused refused = catchThrowableOfType(Refused.class, () -> entrance.enter(request));
            assertThat(refused.refusal()).isEqualTo(Refusal.OVERLOADED);
            first.close();
            entrance.enter(request).close();
            entrance.enter(request).close();
        }
    }

    @Test
    void aLastingDelayShedsAGrowingShareAndItsEndNone() {
        upstream.reset();
        Pressure pressure = gateway.bean(Pressure.class);
        // From here on only this test judges.
        pressure.close();
        await().until(() -> pressure.shareToShed() == 0);
        double before = shed("delay");
        long long1 = Duration.ofSeconds(11).toNanos();
        long now = System.nanoTime();
        pressure.judge(0, now);
        pressure.judge(long1, now + 1);
        assertThat(pressure.shareToShed()).as("one pause is no overload").isZero();
        int last = 0;
        for (int i = 0; i < 10; i++) {
            pressure.judge(long1, now + Duration.ofSeconds(1 + i).toNanos());
            assertThat(pressure.shareToShed()).isGreaterThan(last);
            last = pressure.shareToShed();
        }
        for (int i = 0; i < 100; i++) {
            pressure.judge(long1, now + Duration.ofSeconds(20 + i).toNanos());
        }
        assertThat(pressure.shareToShed()).as("some are always let in").isBetween(last, Pressure.ALL - 1);
        int refused = 0;
        for (int i = 0; i < 60; i++) {
            Answer answer = call();
            if (answer.status() == 503) {
                refused++;
                assertThat(answer.get("code")).isEqualTo("overloaded");
                assertThat(answer.header("Retry-After")).matches("[1-3]");
            }
        }
        assertThat(refused).isPositive();
        assertThat(shed("delay") - before).isEqualTo((double) refused);
        for (int i = 0; i < 100; i++) {
            pressure.judge(0, now + Duration.ofSeconds(200 + i).toNanos());
        }
        for (int i = 0; i < 20; i++) {
            assertThat(call().status()).isEqualTo(200);
        }
    }

    @Test
    void aCallerThatDoesNotReadIsCutAndItsUpstreamReleased() throws IOException {
        upstream.reset();
        byte[] piece = new byte[64 * 1024];
        long length = 50L * 1024 * 1024;
        AtomicLong sent = new AtomicLong();
        upstream.script((request, wire) -> {
            wire.write("HTTP/1.1 200 OK\r\nContent-Type: application/zip\r\nContent-Length: " + length + "\r\n\r\n");
            for (long left = length; left > 0; left -= piece.length) {
                wire.write(piece);
                sent.addAndGet(piece.length);
            }
        });
        try (Socket slow = new Socket()) {
            slow.setReceiveBufferSize(8 * 1024);
            slow.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), gateway.port()));
            slow.getOutputStream()
                    .write("GET /api/up/x HTTP/1.1\r\nHost: g\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
            InputStream in = slow.getInputStream();
            assertThat(in.read()).isEqualTo('H');
            await().atMost(Duration.ofSeconds(60))
                    .pollInterval(Duration.ofMillis(500))
                    .until(() -> {
                        in.read();
                        return upstream.openConnections() == 0;
                    });
            assertThat(sent.get()).isLessThan(length);
        }
        // Whoever reads gets all of it, under the same rule.
        RawClient.Answer whole =
                RawClient.call(gateway.port(), "GET /api/up/x HTTP/1.1\r\nHost: g\r\nConnection: close\r\n\r\n");
        assertThat(whole.clean()).isTrue();
        assertThat(whole.body()).hasSize((int) length);
    }

    private static double shed(String reason) {
        String name = "latchkey_shed_total{reason=\"" + reason + "\"} ";
        return gateway.actuator("/actuator/prometheus")
                .body()
                .lines()
                .filter(line -> line.startsWith(name))
                .mapToDouble(line -> Double.parseDouble(line.substring(name.length())))
                .sum();
    }

    private static void awaitQuietly(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
