package io.latchkey.observability;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.latchkey.Gateway;
import io.latchkey.Gateway.Answer;
import io.latchkey.proxy.StubUpstream;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GracefulStopTest {
    @Test
    void whoIsInsideWhenTheGatewayStopsIsAnsweredAndNobodyElseComesIn(@TempDir Path directory) throws Exception {
        CountDownLatch open = new CountDownLatch(1);
        try (StubUpstream upstream = StubUpstream.start();
                ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            upstream.script((request, wire) -> {
                try {
                    open.await();
                } catch (InterruptedException e) {
                    throw new IOException(e);
                }
                wire.write("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ndone");
            });
            Path routes = Files.writeString(directory.resolve("routes.yml"), """
                    routes:
                      - id: up
                        path: /api/up/**
                        access: public
                        upstreams: ["%s"]
                    """.formatted(upstream.uri()));
            Gateway gateway = Gateway.start("--latchkey.routes-file=" + routes);
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

    private static boolean refusesConnections(int port) throws IOException {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            return socket.isClosed();
        } catch (ConnectException e) {
            return true;
        }
    }
}
