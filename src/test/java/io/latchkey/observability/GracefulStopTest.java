package io.latchkey.observability;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.latchkey.Gateway;
import io.latchkey.Gateway.Answer;
import io.latchkey.RawClient;
import io.latchkey.proxy.StubUpstream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GracefulStopTest {
    private static Gateway before(StubUpstream upstream, Path directory) throws IOException {
        Path routes = Files.writeString(directory.resolve("routes.yml"), """
                routes:
                  - id: up
                    path: /api/up/**
                    access: public
                    upstreams: ["%s"]
                """.formatted(upstream.uri()));
        return Gateway.start("--server.shutdown=graceful", "--latchkey.routes-file=" + routes);
    }

    private static void writeOnce(CountDownLatch open, StubUpstream.Wire wire, String text) throws IOException {
        try {
            open.await();
        } catch (InterruptedException e) {
            throw new IOException(e);
        }
        wire.write(text);
    }

    @Test
    void whoIsInsideWhenTheGatewayStopsIsAnsweredAndNobodyElseComesIn(@TempDir Path directory) throws Exception {
        CountDownLatch open = new CountDownLatch(1);
        try (StubUpstream upstream = StubUpstream.start();
                ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            upstream.script(
                    (request, wire) -> writeOnce(open, wire, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ndone"));
            Gateway gateway = before(upstream, directory);
            Future<Answer> inside = threads.submit(() -> gateway.send("GET", "/api/up/slow", ""));
            await().until(() -> !upstream.received().isEmpty());
            Future<?> stopping = threads.submit(gateway::close);
            await().until(() -> refusesConnections(gateway.port()));
            assertThat(stopping.isDone()).isFalse();
            open.countDown();
            assertThat(inside.get().body()).isEqualTo("done");
            stopping.get();
        }
    }

    @Test
    void whoHoldsAConnectionIsToldBeforeItEnds() throws Exception {
        Gateway gateway = Gateway.start("--server.shutdown=graceful");
        CountDownLatch known = new CountDownLatch(8);
        try (RawClient idle = new RawClient(gateway.port());
                ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<?>> callers = new ArrayList<>();
            for (int i = 0; i < 8; i++) {
                callers.add(threads.submit(() -> callUntilTold(gateway.port(), known)));
            }
            known.await();
            gateway.close();
            for (Future<?> caller : callers) {
                caller.get();
            }
            assertThat(idle.receiveToEnd()).isEmpty();
        }
    }

    @Test
    void whoseAnswerHadBegunBeforeTheStopIsToldWithTheNext(@TempDir Path directory) throws Exception {
        CountDownLatch open = new CountDownLatch(1);
        try (StubUpstream upstream = StubUpstream.start();
                ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            upstream.script((request, wire) -> {
                wire.write("HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nhalf");
                writeOnce(open, wire, "done");
            });
            Gateway gateway = before(upstream, directory);
            try (RawClient caller = new RawClient(gateway.port())) {
                caller.send("GET /api/up/slow HTTP/1.1\r\nHost: g\r\n\r\n");
                RawClient.Head head = caller.receiveHead();
                Future<?> stopping = threads.submit(gateway::close);
                await().until(() -> refusesConnections(gateway.port()));
                open.countDown();
                assertThat(caller.receiveBody(head, OutputStream.nullOutputStream()))
                        .isTrue();
                caller.send("GET /problems/key-missing HTTP/1.1\r\nHost: g\r\n\r\n");
                RawClient.Answer next = caller.receive(false);
                assertThat(next.status()).isEqualTo(200);
                assertThat(next.header("Connection")).isEqualTo("close");
                stopping.get();
            }
        }
    }

    /** Fails when the connection ends without a word, which a request that is under way would not survive. */
    private static void callUntilTold(int port, CountDownLatch known) {
        try (RawClient caller = new RawClient(port)) {
            RawClient.Answer answer;
            do {
                LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(20));
                caller.send("GET /problems/key-missing HTTP/1.1\r\nHost: g\r\n\r\n");
                answer = caller.receive(false);
                assertThat(answer.status()).isEqualTo(200);
                known.countDown();
            } while (answer.header("Connection") == null);
            assertThat(answer.header("Connection")).isEqualTo("close");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void whoAsksForTheReadinessHearsOfItBeforeNobodyListens() throws Exception {
        Gateway gateway = Gateway.start("--server.shutdown=graceful", "--latchkey.front-door.stop-delay=3s");
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            Future<?> stopping = threads.submit(gateway::close);
            await().until(() -> gateway.actuator("/actuator/health/readiness").status() == 503);
            assertThat(gateway.actuator("/actuator/health/liveness").status()).isEqualTo(200);
            assertThat(gateway.send("GET", "/problems/key-missing", "").status())
                    .isEqualTo(200);
            stopping.get();
            assertThat(refusesConnections(gateway.port())).isTrue();
        }
    }

    private static boolean refusesConnections(int port) throws IOException {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            return socket.isClosed();
        } catch (ConnectException e) {
            return true;
        }
    }
}
