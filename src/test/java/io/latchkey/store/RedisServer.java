package io.latchkey.store;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** A real redis-server on a port and a directory of its own, which a test may kill, pause and start again. */
public final class RedisServer implements AutoCloseable {
    private static final Path BINARIES = Path.of("target", "redis");
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    private final int port;
    private final Path directory;
    private String more = "";
    private @Nullable Path program;
    private @Nullable RedisProcess process;

    private RedisServer(int port, Path directory) {
        this.port = port;
        this.directory = directory;
        Runtime.getRuntime().addShutdownHook(new Thread(this::close));
    }

    /** Not started yet. */
    public static RedisServer on(int port, Path directory) {
        return new RedisServer(port, directory);
    }

    /** Adds a line of redis.conf, from the next start on. */
    public synchronized RedisServer with(String line) {
        more += line + "\n";
        return this;
    }

    /** By this program, from the next start on; the embedded one speaks no TLS. */
    public synchronized RedisServer by(Path other) {
        program = other;
        return this;
    }

    /** Started on a free port. */
    public static RedisServer started(Path directory) {
        return on(freePort(), directory).start();
    }

    public static int freePort() {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Sends a signal such as {@code STOP} to a process that this test started. */
    public static void signal(long pid, String name) {
        try {
            Process kill = new ProcessBuilder("kill", "-" + name, Long.toString(pid)).start();
            if (kill.waitFor() != 0) {
                throw new IllegalStateException("No process " + pid);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    public synchronized RedisServer start() {
        try {
            Files.createDirectories(BINARIES);
            Files.createDirectories(directory);
            Path binary = program == null ? RedisBinary.forThisPlatform().extractTo(BINARIES) : program;
            RedisProcess started = RedisProcess.start(
                    binary,
                    directory,
                    "bind 127.0.0.1\nport %d\ndir \"%s\"\nappendonly yes\nappendfsync always\nsave \"\"\n"
                                    .formatted(port, directory.toRealPath())
                            + more);
            process = started;
            if (!started.awaitAccepting(PATIENCE)) {
                throw new IllegalStateException("redis-server did not start: " + started.lastWords());
            }
            return this;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    public synchronized void stop() {
        if (process != null) {
            process.stop(PATIENCE);
            process = null;
        }
    }

    public synchronized void kill9() {
        signal(pid(), "KILL");
        stop();
    }

    public void pause() {
        signal(pid(), "STOP");
    }

    public void resume() {
        signal(pid(), "CONT");
    }

    public int port() {
        return port;
    }

    public String url() {
        return "redis://127.0.0.1:" + port;
    }

    private synchronized long pid() {
        if (process == null) {
            throw new IllegalStateException("Not running");
        }
        return process.pid();
    }

    @Override
    public synchronized void close() {
        if (process != null) {
            process.stop(Duration.ofSeconds(1));
            process = null;
        }
    }
}
