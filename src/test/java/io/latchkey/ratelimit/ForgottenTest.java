package io.latchkey.ratelimit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.latchkey.Gateway;
import io.latchkey.Gateway.Answer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Who is forgotten while its requests are under way comes back with those slots still taken. */
class ForgottenTest {
    private static final Backend BACKEND = new Backend();
    private static final String HOLDER = "10.200.0.1";

    @SuppressWarnings("NullAway.Init")
    private static Path file;

    @SuppressWarnings("NullAway.Init")
    private static String routes;

    @SuppressWarnings("NullAway.Init")
    private static Gateway gateway;

    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();

    @BeforeAll
    static void start() throws Exception {
        String setting = BACKEND.routes(
                "each: access: public, concurrencyPerKey: 1, limits: [ { name: burst, quota: 100000, window: PT1H } ]",
                "narrow: access: public, concurrency: 1, limits: [ { name: burst, quota: 100000, window: PT1H } ]",
                "stays: access: public");
        file = Path.of(setting.substring(setting.indexOf('=') + 1));
        routes = Files.readString(file);
        gateway = Gateway.start(
                setting, "--latchkey.rate-limiting.cache-size=100", "--latchkey.front-door.trusted-proxies=127.0.0.1");
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

    private static Answer call(String path, String address) {
        return gateway.send("GET", path, "", "X-Forwarded-For", address);
    }

    private Future<Answer> held(String path) {
        int before = BACKEND.requests();
        Callable<Answer> call = () -> call(path, HOLDER);
        Future<Answer> answer = threads.submit(call);
        await().until(() -> BACKEND.requests() == before + 1);
        return answer;
    }

    private static void crowd(int network) {
        for (int i = 0; i < 150; i++) {
            String address = "10." + network + "." + i / 100 + "." + i % 100;
            assertThat(call("/api/each/x", address).status()).isEqualTo(204);
        }
    }

    @Test
    void byACacheThatIsFull() throws Exception {
        crowd(201);
        Future<Answer> first = held("/api/each/held");
        crowd(202);
        assertThat(call("/api/each/x", HOLDER).status()).isEqualTo(429);
        BACKEND.release();
        assertThat(first.get().status()).isEqualTo(204);
        await().until(() -> call("/api/each/x", HOLDER).status() == 204);
    }

    @Test
    void byARouteThatGoesAndComesBack() throws Exception {
        Future<Answer> one = held("/api/each/held");
        Future<Answer> other = held("/api/narrow/held");
        reload(routes.lines()
                .filter(line -> !line.contains("/api/each/") && !line.contains("/api/narrow/"))
                .collect(Collectors.joining("\n")));
        assertThat(call("/api/each/x", HOLDER).status()).isEqualTo(404);
        reload(routes);
        assertThat(call("/api/each/x", HOLDER).status()).isEqualTo(429);
        assertThat(call("/api/narrow/x", HOLDER).status()).isEqualTo(503);
        BACKEND.release();
        assertThat(one.get().status()).isEqualTo(204);
        assertThat(other.get().status()).isEqualTo(204);
        await().until(() -> call("/api/each/x", HOLDER).status() == 204);
        await().until(() -> call("/api/narrow/x", HOLDER).status() == 204);
    }

    private static void reload(String yaml) throws Exception {
        Files.writeString(file, yaml);
        assertThat(gateway.admin("POST", "/admin/routes/reload", "").status()).isEqualTo(200);
    }
}
