package io.latchkey.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EmbeddedRedisTest {
    @TempDir
    Path data;

    @Test
    void killedServerComesBackOnItsPortWithEveryAcknowledgedWrite() {
        try (StoreApp app = StoreApp.embedded(data)) {
            Redis redis = app.redis();
            EmbeddedRedis server = app.get(EmbeddedRedis.class);
            int port = server.addresses().getFirst().getPort();
            List<String> acknowledged = new ArrayList<>();
            for (int round = 0; round < 3; round++) {
                for (int i = 0; i < 200; i++) {
                    String key = "write:" + round + ":" + i;
                    redis.onAdmin(commands -> commands.set(key, "kept"));
                    acknowledged.add(key);
                }
                long killed = server.pid();
                RedisServer.signal(killed, "KILL");
                await().untilAsserted(() -> {
                    assertThat(server.pid()).isNotEqualTo(killed);
                    assertThat(redis.isUp()).isTrue();
                });
            }
            assertThat(server.addresses().getFirst().getPort()).isEqualTo(port);
            assertThat(redis.<Long>onAdmin(commands -> commands.exists(acknowledged.toArray(String[]::new))))
                    .isEqualTo(600);
        }
    }

    @Test
    void stopsWithTheApplicationAndStartsAgainWithItsData() {
        long pid;
        try (StoreApp app = StoreApp.embedded(data)) {
            assertThat(app.redis().isFreshEmbedded()).isTrue();
            assertThat(app.redis().mode()).isEqualTo("embedded");
            app.redis().onAdmin(commands -> commands.set("name", "value"));
            pid = app.get(EmbeddedRedis.class).pid();
        }
        assertThat(ProcessHandle.of(pid).filter(ProcessHandle::isAlive)).isEmpty();
        assertThat(data.resolve("redis/url")).doesNotExist();
        try (StoreApp app = StoreApp.embedded(data)) {
            assertThat(app.redis().isFreshEmbedded()).isFalse();
            assertThat(app.redis().<String>onRequest(commands -> commands.get("name")))
                    .isEqualTo("value");
        }
    }

    @Test
    void serverLeftBehindByAKilledApplicationIsStoppedBeforeItsFilesAreOpened() throws Exception {
        StoreApp.embedded(data).close();
        Path directory = data.resolve("redis").toRealPath();
        Path binary = RedisBinary.forThisPlatform().extractTo(directory);
        RedisProcess orphan = RedisProcess.start(
                binary,
                directory,
                "bind 127.0.0.1\nport %d\nappendonly yes\nsave \"\"\n".formatted(RedisServer.freePort()));
        assertThat(orphan.awaitAccepting(Duration.ofSeconds(10))).isTrue();
        try (RedisServer other = RedisServer.started(data.resolve("other"));
                StoreApp app = StoreApp.embedded(data);
                StoreApp bystanderApp = StoreApp.on(other.url())) {
            assertThat(ProcessHandle.of(orphan.pid()).filter(ProcessHandle::isAlive))
                    .isEmpty();
            assertThat(app.redis().isUp()).isTrue();
            assertThat(bystanderApp.redis().isUp()).isTrue();
        }
    }

    @Test
    void secondApplicationOnTheSameDirectoryIsRefused() {
        try (StoreApp first = StoreApp.embedded(data)) {
            assertThatThrownBy(() -> StoreApp.embedded(data))
                    .rootCause()
                    .isInstanceOf(StartRefused.class)
                    .hasMessageContaining("in use by another Latchkey");
            assertThat(first.redis().<String>onAdmin(commands -> commands.ping()))
                    .isEqualTo("PONG");
        }
        StoreApp.embedded(data).close();
    }

    @Test
    void passwordIsOnNoCommandLineAndInNoFileThatOthersMayRead() throws IOException {
        try (StoreApp app = StoreApp.embedded(data)) {
            EmbeddedRedis server = app.get(EmbeddedRedis.class);
            String url = Files.readString(data.resolve("redis/url")).strip();
            String password = url.replaceFirst("redis://default:([0-9a-f]{64})@127.*", "$1");
            assertThat(password).hasSize(64);
            assertThat(permissions("redis/url")).isEqualTo("rw-------");
            assertThat(permissions("redis")).isEqualTo("rwx------");
            ProcessHandle.Info info =
                    ProcessHandle.of(server.pid()).orElseThrow().info();
            assertThat(info.commandLine().orElse("")).doesNotContain(password);
            try (StoreApp operator = StoreApp.on(url)) {
                assertThat(operator.redis().isUp()).isTrue();
            }
        }
    }

    @Test
    void platformWithoutBinaryIsRefusedWithTheCure() {
        assertThatThrownBy(() -> RedisBinary.forPlatform("Windows 11", "amd64"))
                .isInstanceOfSatisfying(StartRefused.class, refused -> {
                    assertThat(refused.problem()).contains("Windows 11 on amd64");
                    assertThat(refused.action()).contains("LATCHKEY_REDIS_URL");
                });
        assertThat(RedisBinary.forPlatform("Mac OS X", "aarch64").resource()).endsWith("darwin-arm64");
    }

    @Test
    void damagedBinaryIsUnpackedAgain() throws IOException {
        Path binary = RedisBinary.forThisPlatform().extractTo(data);
        byte[] whole = Files.readAllBytes(binary);
        byte[] damaged = whole.clone();
        damaged[damaged.length / 2]++;
        Files.write(binary, damaged);
        assertThat(RedisBinary.forThisPlatform().extractTo(data)).isEqualTo(binary);
        assertThat(Files.readAllBytes(binary)).isEqualTo(whole);
    }

    private String permissions(String name) throws IOException {
        return PosixFilePermissions.toString(Files.getPosixFilePermissions(data.resolve(name)));
    }
}
