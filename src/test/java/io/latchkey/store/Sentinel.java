package io.latchkey.store;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** A real Sentinel, alone, that makes the replica of a server its successor half a second after the server is gone. */
public final class Sentinel implements AutoCloseable {
    private final int port;
    private final Process process;

    private Sentinel(int port, Process process) {
        this.port = port;
        this.process = process;
    }

    public static Sentinel watching(int master, Path directory) {
        int port = RedisServer.freePort();
        try {
            Files.createDirectories(directory);
            Path configuration = directory.resolve("sentinel.conf");
            Files.writeString(configuration, """
                    bind 127.0.0.1
                    port %d
                    dir "%s"
                    sentinel monitor main 127.0.0.1 %d 1
                    sentinel down-after-milliseconds main 500
                    sentinel failover-timeout main 3000
                    """.formatted(port, directory, master));
            Path binary = RedisBinary.forThisPlatform().extractTo(directory);
            Process process = new ProcessBuilder(binary.toString(), configuration.toString(), "--sentinel")
                    .redirectErrorStream(true)
                    .redirectOutput(directory.resolve("sentinel.log").toFile())
                    .start();
            return new Sentinel(port, process);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public String url() {
        return "redis-sentinel://127.0.0.1:" + port + "#main";
    }

    @Override
    public void close() {
        try {
            process.destroyForcibly().waitFor();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
