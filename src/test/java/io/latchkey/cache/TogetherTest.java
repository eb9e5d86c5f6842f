package io.latchkey.cache;

import static io.latchkey.cache.CacheHouse.ok;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.latchkey.Gateway.Answer;
import io.latchkey.store.Redis;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Many callers who ask the same at once. */
class TogetherTest extends FrozenHouse {
    private volatile CountDownLatch open = new CountDownLatch(1);

    private List<Answer> together(int callers, String target, String... headers) {
        open = new CountDownLatch(1);
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<Answer>> calls = new ArrayList<>();
            for (int i = 0; i < callers; i++) {
                calls.add(threads.submit(() -> house.get(target, headers)));
            }
            // All are inside the gateway before anything is answered.
            await().until(() -> house.gateway
                    .actuator("/actuator/prometheus")
                    .body()
                    .lines()
                    .filter(line -> line.startsWith("latchkey_requests_in_flight "))
                    .anyMatch(line -> Double.parseDouble(line.substring(line.indexOf(' '))) >= callers));
            open.countDown();
            List<Answer> answers = new ArrayList<>();
            for (Future<Answer> call : calls) {
                answers.add(call.get());
            }
            return answers;
        } catch (ExecutionException | InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private void hold() throws IOException {
        try {
            open.await();
        } catch (InterruptedException e) {
            throw new IOException(e);
        }
    }

    @Test
    void fiveHundredMissesAreOneCall() {
        house.upstream.script((request, wire) -> {
            hold();
            wire.write(ok("Cache-Control: max-age=60", "one"));
        });
        List<Answer> answers = together(500, "/api/shared" + path);
        assertThat(answers).allSatisfy(answer -> {
            assertThat(answer.status()).isEqualTo(200);
            assertThat(answer.body()).isEqualTo("one");
        });
        assertThat(house.calls()).isEqualTo(1);
        assertThat(answers.stream()
                        .filter(answer -> answer.header("Cache-Status").contains("collapsed")))
                .isNotEmpty();
    }

    @Test
    void eachFormOfTheRequestIsOneCallToo() {
        house.upstream.script((request, wire) -> {
            hold();
            wire.write(ok("Cache-Control: max-age=60\nVary: Accept", "one"));
        });
        together(50, "/api/shared" + path, "Accept", "a");
        assertThat(house.calls()).isEqualTo(1);
        together(50, "/api/shared" + path, "Accept", "b");
        assertThat(house.calls()).isEqualTo(2);
    }

    @Test
    void anAnswerThatIsForOneCallerKeepsTheOthersFromWaitingInALine() {
        house.upstream.script((request, wire) -> {
            hold();
            wire.write(ok("Cache-Control: private, max-age=60", "mine"));
        });
        assertThat(together(50, "/api/shared" + path))
                .allMatch(answer -> answer.body().equals("mine"));
        assertThat(house.calls()).isEqualTo(50);
        // And it is remembered: these are all sent at once, though none of them is answered.
        house.upstream.received().clear();
        CountDownLatch all = new CountDownLatch(20);
        house.upstream.script((request, wire) -> {
            all.countDown();
            try {
                all.await();
            } catch (InterruptedException e) {
                throw new IOException(e);
            }
            wire.write(ok("Cache-Control: private", "mine"));
        });
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<Answer>> calls = new ArrayList<>();
            for (int i = 0; i < 20; i++) {
                calls.add(threads.submit(() -> house.get("/api/shared" + path)));
            }
            for (Future<Answer> call : calls) {
                assertThat(call.get().status()).isEqualTo(200);
            }
        } catch (ExecutionException | InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void aLeaderThatFailsIsFollowedByAnother() {
        house.upstream.script((request, wire) -> {
            if (house.calls() == 1) {
                hold();
                // Not to be tried again by the proxy: the answer has begun.
                wire.write("HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nContent-Length: 10\r\n\r\n123");
                wire.cut();
            } else {
                wire.write(ok("Cache-Control: max-age=60", "second"));
            }
        });
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<Answer>> calls = new ArrayList<>();
            for (int i = 0; i < 50; i++) {
                calls.add(threads.submit(() -> house.get("/api/shared" + path)));
            }
            await().until(() -> house.calls() >= 1);
            open.countDown();
            long served = calls.stream().filter(call -> succeeded(call)).count();
            assertThat(served).isEqualTo(49);
        }
        assertThat(house.calls()).isLessThanOrEqualTo(3);
    }

    private static boolean succeeded(Future<Answer> call) {
        try {
            return call.get().body().equals("second");
        } catch (ExecutionException | InterruptedException e) {
            return false;
        }
    }

    @Test
    void anUpstreamThatFailsThemAllIsAskedAFewTimesOnly() {
        house.upstream.script((request, wire) -> {
            hold();
            wire.cut();
        });
        List<Answer> answers = together(100, "/api/sturdy" + path);
        assertThat(answers).allMatch(answer -> answer.status() == 502);
        // Who was not yet waiting when one call failed is part of the next.
        assertThat(house.calls()).isLessThanOrEqualTo(20);
    }

    @Test
    void aLeaderThatGoesAwayDoesNotTakeTheOthersAlong() throws IOException {
        String large = "z".repeat(600_000);
        house.upstream.script((request, wire) -> {
            hold();
            wire.write(ok("Cache-Control: max-age=60", large));
        });
        Socket leader = new Socket(InetAddress.getLoopbackAddress(), house.gateway.port());
        leader.setReceiveBufferSize(4096);
        leader.getOutputStream()
                .write(("GET /api/shared" + path + " HTTP/1.1\r\nHost: x\r\nX-API-Key: " + house.key + "\r\n\r\n")
                        .getBytes(StandardCharsets.ISO_8859_1));
        await().until(() -> house.calls() == 1);
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            Future<Answer> follower = threads.submit(() -> house.get("/api/shared" + path));
            leader.setSoLinger(true, 0);
            leader.close();
            open.countDown();
            assertThat(follower.get().body()).hasSize(600_000);
        } catch (ExecutionException | InterruptedException e) {
            throw new IllegalStateException(e);
        }
        assertThat(house.calls()).isLessThanOrEqualTo(3);
    }

    @Test
    void whileOneAsksForANewerAnswerTheOthersMayGetTheOldOne() {
        house.upstream.answer(ok("Cache-Control: max-age=1, stale-while-revalidate=600", "old"));
        int known = inRedis();
        house.get("/api/shared" + path);
        // The answer and the resource's first epoch: whoever asks between two states of it asks for himself.
        await().until(() -> inRedis() == known + 2);
        int calls = house.calls();
        pass(Duration.ofSeconds(2));
        house.upstream.script((request, wire) -> {
            hold();
            wire.write(ok("Cache-Control: max-age=60", "new"));
        });
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            Future<Answer> asking = threads.submit(() -> house.get("/api/shared" + path));
            await().until(() -> house.calls() > calls);
            Answer other = house.get("/api/shared" + path);
            assertThat(other.body()).isEqualTo("old");
            assertThat(other.header("Cache-Status")).contains("stale-while-revalidate");
            open.countDown();
            assertThat(asking.get().body()).isEqualTo("new");
        } catch (ExecutionException | InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private static int inRedis() {
        return house.gateway
                .bean(Redis.class)
                .<List<String>>onAdmin(commands -> commands.keys("latchkey:cache:*"))
                .size();
    }

    @ParameterizedTest
    @ValueSource(strings = {"change", "purge"})
    void whoAsksAfterAChangeIsNotGivenWhatWasAskedForBeforeIt(String what) throws Exception {
        String target = "/api/shared" + path;
        open = new CountDownLatch(1);
        house.upstream.script((request, wire) -> {
            wire.readBody();
            boolean early = house.calls() == 1;
            if (early) {
                hold();
            }
            wire.write(ok("Cache-Control: max-age=60", early ? "old" : "new"));
        });
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            Future<Answer> before = threads.submit(() -> house.get(target));
            await().until(() -> house.calls() == 1);
            Answer done = what.equals("change")
                    ? house.send("PUT", target, "x")
                    : house.gateway.admin("POST", "/admin/cache/purge", "{\"route\":\"shared\"}");
            assertThat(done.status()).isEqualTo(200);
            int calls = house.calls();
            Future<Answer> after = threads.submit(() -> house.get(target));
            try {
                // Though the earlier call is still unanswered.
                await().until(() -> house.calls() == calls + 1);
                assertThat(after.get().body()).isEqualTo("new");
            } finally {
                open.countDown();
            }
            assertThat(before.get().body()).isEqualTo("old");
            assertThat(house.get(target).body()).isEqualTo("new");
        }
    }
}
