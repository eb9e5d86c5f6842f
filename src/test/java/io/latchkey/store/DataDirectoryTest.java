package io.latchkey.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DataDirectoryTest {
    @TempDir
    Path parent;

    @Test
    void secretIsMadeOnceAndKeptForItsOwnerAlone() throws IOException {
        try (DataDirectory data = DataDirectory.of(properties(""))) {
            assertThat(data.isEmbedded()).isTrue();
            assertThat(data.read("pepper")).isEmpty();
            assertThat(data.readOrCreate("pepper", () -> "first")).isEqualTo("first");
        }
        try (DataDirectory data = DataDirectory.of(properties(""))) {
            assertThat(data.readOrCreate("pepper", () -> "second")).isEqualTo("first");
            assertThat(data.read("pepper")).contains("first");
        }
        assertThat(permissions(parent.resolve("data"))).isEqualTo("rwx------");
        assertThat(permissions(parent.resolve("data/pepper"))).isEqualTo("rw-------");
        try (var files = Files.list(parent.resolve("data"))) {
            assertThat(files.map(file -> file.getFileName().toString())).containsExactlyInAnyOrder("pepper", "lock");
        }
    }

    @Test
    void nameCannotLeaveTheDirectory() throws IOException {
        try (DataDirectory data = DataDirectory.of(properties(""))) {
            for (String name : new String[] {"../escape", "redis", "lock", "", "a/b"}) {
                assertThatExceptionOfType(IllegalArgumentException.class)
                        .isThrownBy(() -> data.readOrCreate(name, () -> "x"));
            }
        }
    }

    @Test
    void redisOfSomebodyElseLeavesNoTraceOnDisk() throws IOException {
        try (DataDirectory data = DataDirectory.of(properties("redis://host"))) {
            assertThat(data.isEmbedded()).isFalse();
            assertThat(data.read("pepper")).isEmpty();
            assertThatExceptionOfType(IllegalStateException.class)
                    .isThrownBy(() -> data.readOrCreate("pepper", () -> "x"));
        }
        assertThat(parent.resolve("data")).doesNotExist();
    }

    @Test
    void directoryThatCannotBeMadeIsRefusedByName() throws IOException {
        Files.writeString(parent.resolve("data"), "a file");
        assertThatExceptionOfType(StartRefused.class)
                .isThrownBy(() -> DataDirectory.of(properties("")))
                .withMessageContaining(parent.resolve("data").toString())
                .satisfies(refused -> assertThat(refused.action()).contains("LATCHKEY_DATA_DIR"));
    }

    private StoreProperties properties(String url) {
        return new StoreProperties(
                url, parent.resolve("data").toString(), "", "", Duration.ofMillis(50), Duration.ofSeconds(2), null);
    }

    private static String permissions(Path path) throws IOException {
        return PosixFilePermissions.toString(Files.getPosixFilePermissions(path));
    }
}
