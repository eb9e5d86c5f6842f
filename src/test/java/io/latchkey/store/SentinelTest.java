package io.latchkey.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SentinelTest {
    @TempDir
    Path directory;

    @Test
    void writesGoToTheNewMasterAfterAFailover() throws Exception {
        try (RedisServer first = RedisServer.started(directory.resolve("first"));
                RedisServer second = RedisServer.on(RedisServer.freePort(), directory.resolve("second"))) {
            second.with("replicaof 127.0.0.1 " + first.port()).start();
            try (Sentinel sentinel = Sentinel.watching(first.port(), directory.resolve("sentinel"));
                    StoreApp app = StoreApp.on(sentinel.url())) {
                Redis redis = app.redis();
                assertThat(redis.mode()).isEqualTo("sentinel");
                await().until(redis::isReady);
                try (DedicatedConnection own = redis.dedicated()) {
                    await().until(() -> isReplicated(own));
                }
                first.kill9();
                await().atMost(Duration.ofSeconds(30)).until(() -> isWritten(redis));
                assertThat(redis.<String>onRequest(commands -> commands.get("before")))
                        .isEqualTo("1");
            }
        }
    }

    /** On a connection of its own, because WAIT holds up whatever comes after it. */
    private static boolean isReplicated(DedicatedConnection own) {
        own.run(Duration.ZERO, commands -> commands.set("before", "1"));
        long replicas = own.run(Duration.ofSeconds(1), commands -> commands.waitForReplication(1, 1000));
        return replicas == 1;
    }

    private static boolean isWritten(Redis redis) {
        try {
            return redis.onRequest(commands -> commands.set("after", "1")).equals("OK");
        } catch (StoreUnavailable e) {
            return false;
        }
    }
}
