package io.latchkey.ratelimit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.latchkey.Gateway;
import io.latchkey.Gateway.Answer;
import io.latchkey.Gateway.Made;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** How many requests may be under way at a time, and that none of them takes its slot along. */
class SlotsTest {
    private static final Backend BACKEND = new Backend();

    @SuppressWarnings("NullAway.Init")
    private static Gateway gateway;

    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();

    @BeforeAll
    static void start() {
        gateway = Gateway.start(BACKEND.routes(
                "narrow: concurrency: 2, limits: [ { name: burst, quota: 1000, window: PT1H, accuracy: exact } ]",
                "each: concurrencyPerKey: 2",
                "wide: "));
    }

    @AfterEach
    void release() {
        BACKEND.release();
        threads.close();
    }

    @AfterAll
    static void stop() {
        gateway.close();
        BACKEND.close();
    }

    private static Answer call(String path, Made key) {
        return Backend.call(gateway, path, key.token());
    }

    /** Calls that the upstream does not answer yet. */
    private List<Future<Answer>> held(int calls, String path, Made key) {
        int before = BACKEND.requests();
        List<Future<Answer>> answers = new ArrayList<>();
        for (int i = 0; i < calls; i++) {
            Callable<Answer> call = () -> call(path, key);
            answers.add(threads.submit(call));
        }
        await().until(() -> BACKEND.requests() == before + calls);
        return answers;
    }

    private static void assertAllPassed(List<Future<Answer>> answers) throws Exception {
        for (Future<Answer> answer : answers) {
            assertThat(answer.get().status()).isEqualTo(204);
        }
    }

    @Test
    void fullRouteIsOverloadedForEverybodyAndUsesNobodysQuota() throws Exception {
        Made key = gateway.key("");
        Made other = gateway.key("");
        List<Future<Answer>> held = held(2, "/api/narrow/held", key);
        Answer refused = call("/api/narrow/x", other);
        assertThat(refused.status()).isEqualTo(503);
        assertThat(refused.get("code")).isEqualTo("overloaded");
        assertThat(refused.get("blame")).isEqualTo("gateway");
        assertThat(refused.header("Retry-After")).isEqualTo("1");
        assertThat(call("/api/wide/x", other).status()).isEqualTo(204);
        BACKEND.release();
        assertAllPassed(held);
        await().untilAsserted(
                        () -> assertThat(call("/api/narrow/x", other).status()).isEqualTo(204));
        assertThat(LimitFields.remaining(call("/api/narrow/x", other), "burst")).isEqualTo(998);
    }

    @Test
    void fullKeyIsRefusedAndNoOther() throws Exception {
        Made key = gateway.key("");
        List<Future<Answer>> held = held(2, "/api/each/held", key);
        Answer refused = call("/api/each/x", key);
        assertThat(refused.status()).isEqualTo(429);
        assertThat(refused.get("code")).isEqualTo("too-many-in-flight");
        assertThat(call("/api/each/x", gateway.key("")).status()).isEqualTo(204);
        assertThat(call("/api/wide/x", key).status()).isEqualTo(204);
        BACKEND.release();
        assertAllPassed(held);
        await().untilAsserted(
                        () -> assertThat(call("/api/each/x", key).status()).isEqualTo(204));
    }

    @Test
    void keysOwnBoundHoldsOnAllItsRoutesTogether() throws Exception {
        Made key = gateway.key("\"concurrency\":3");
        assertThat(gateway.admin("GET", "/admin/keys/" + key.id(), "").get("concurrency"))
                .isEqualTo("3");
        List<Future<Answer>> held = new ArrayList<>(held(2, "/api/each/held", key));
        held.addAll(held(1, "/api/wide/held", key));
        assertThat(call("/api/wide/x", key).get("code")).isEqualTo("too-many-in-flight");
        BACKEND.release();
        assertAllPassed(held);
        await().untilAsserted(
                        () -> assertThat(call("/api/wide/x", key).status()).isEqualTo(204));
        for (String wrong : List.of("0", "-1", "100001", "\"many\"")) {
            assertThat(gateway.admin("POST", "/admin/keys", "{\"name\":\"x\",\"concurrency\":" + wrong + "}")
                            .status())
                    .isEqualTo(400);
        }
    }

    @Test
    void hundredCallersWhoGoAwayLeaveNoSlotBehind() throws Exception {
        Made key = gateway.key("\"concurrency\":100");
        int before = BACKEND.requests();
        List<Socket> sockets = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            sockets.add(begun("/api/wide/held", key));
        }
        await().until(() -> BACKEND.requests() == before + 100);
        assertThat(call("/api/wide/x", key).status()).isEqualTo(429);
        for (Socket socket : sockets) {
            socket.setSoLinger(true, 0);
            socket.close();
        }
        BACKEND.release();
        await().untilAsserted(() -> {
            List<Future<Answer>> all = held(100, "/api/wide/held", key);
            BACKEND.release();
            assertAllPassed(all);
        });
    }

    private static Socket begun(String path, Made key) throws IOException {
        Socket socket = new Socket(InetAddress.getLoopbackAddress(), gateway.port());
        socket.getOutputStream()
                .write(("GET " + path + " HTTP/1.1\r\nHost: localhost\r\nX-API-Key: " + key.token() + "\r\n\r\n")
                        .getBytes(StandardCharsets.US_ASCII));
        return socket;
    }
}
