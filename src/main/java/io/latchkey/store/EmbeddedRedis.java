package io.latchkey.store;

import io.lettuce.core.RedisURI;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.boot.SpringApplication;

/** A Redis of our own, started with the application, kept running, stopped after everything that uses it. */
final class EmbeddedRedis implements Server {
    private static final Logger log = LoggerFactory.getLogger(EmbeddedRedis.class);
    private static final Duration LOADING = Duration.ofMinutes(2);
    private static final Duration PATIENCE = Duration.ofSeconds(5);
    private static final int PORTS_TO_TRY = 5;

    private final Path directory;
    private final Path binary;
    private final boolean fresh;
    private final String password = HexFormat.of().formatHex(random(32));
    private final CountDownLatch stopping = new CountDownLatch(1);
    private final Runnable atShutdown = this::close;
    private volatile int port;
    private @Nullable RedisProcess process;

    EmbeddedRedis(DataDirectory data) {
        RedisBinary program = RedisBinary.forThisPlatform();
        directory = data.path().resolve("redis");
        try {
            if (Files.notExists(directory)) {
                Files.createDirectory(directory, DataDirectory.permissions("rwx------"));
            }
            fresh = isEmpty(directory.resolve("appendonlydir"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        binary = program.extractTo(directory);
    }

    @Override
    public void start() {
        RedisProcess.stopOrphans(binary, PATIENCE);
        // For a JVM that ends without closing its context; otherwise the context's close comes first.
        SpringApplication.getShutdownHandlers().add(atShutdown);
        RedisProcess running = firstStart();
        log.info("Embedded Redis runs on 127.0.0.1:{}, its data and its url in {}", port, directory);
        Thread.ofVirtual().name("latchkey-redis-supervisor").start(() -> supervise(running));
    }

    @Override
    public List<RedisURI> addresses() {
        return List.of(RedisURI.builder()
                .withHost("127.0.0.1")
                .withPort(port)
                .withPassword(password.toCharArray())
                .build());
    }

    @Override
    public String mode() {
        return "embedded";
    }

    @Override
    public boolean isFresh() {
        return fresh;
    }

    synchronized long pid() {
        return process == null ? -1 : process.pid();
    }

    @Override
    public synchronized void close() {
        if (stopping.getCount() == 0) {
            return;
        }
        stopping.countDown();
        if (process != null) {
            process.stop(PATIENCE);
            log.info("Embedded Redis stopped");
        }
        try {
            Files.deleteIfExists(directory.resolve("url"));
            SpringApplication.getShutdownHandlers().remove(atShutdown);
        } catch (IOException | IllegalStateException e) {
            log.debug("Left a trace behind", e);
        }
    }

    private RedisProcess firstStart() {
        String lastWords = "";
        try {
            for (int attempt = 0; attempt < PORTS_TO_TRY; attempt++) {
                // Somebody may take the port between our asking and Redis binding it.
                port = freePort();
                RedisProcess started = launch();
                if (started != null && started.awaitAccepting(LOADING)) {
                    DataDirectory.write(
                            directory.resolve("url"), "redis://default:%s@127.0.0.1:%d%n".formatted(password, port));
                    return started;
                }
                lastWords = started == null ? "" : started.lastWords();
            }
        } catch (IOException e) {
            lastWords = e.toString();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            lastWords = "interrupted";
        }
        throw new StartRefused(
                "The embedded Redis in " + directory + " does not start: " + lastWords,
                "Mend what it complains about, or set LATCHKEY_REDIS_URL to a Redis that runs.");
    }

    private void supervise(RedisProcess first) {
        RedisProcess running = first;
        try {
            while (true) {
                long since = System.nanoTime();
                int code = running == null ? -1 : running.awaitExit();
                if (stopping.getCount() == 0) {
                    return;
                }
                log.warn("Embedded Redis ended with code {}; starting it again on port {}", code, port);
                boolean hasty = System.nanoTime() - since < TimeUnit.SECONDS.toNanos(2);
                if (hasty && stopping.await(800, TimeUnit.MILLISECONDS)) {
                    return;
                }
                running = relaunch();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private @Nullable RedisProcess relaunch() {
        try {
            return launch();
        } catch (IOException e) {
            log.error("Embedded Redis cannot be started: {}", e.toString());
            return null;
        }
    }

    private synchronized @Nullable RedisProcess launch() throws IOException {
        if (stopping.getCount() == 0) {
            return null;
        }
        process = RedisProcess.start(binary, directory, configuration());
        return process;
    }

    private String configuration() {
        return """
                bind 127.0.0.1
                port %d
                requirepass %s
                dir %s
                pidfile %s
                appendonly yes
                appendfsync always
                save ""
                maxmemory-policy noeviction
                daemonize no
                """.formatted(port, password, quoted(directory), quoted(directory.resolve("pid")));
    }

    private static String quoted(Path path) {
        return '"' + path.toString().replace("\\", "\\\\").replace("\"", "\\\"") + '"';
    }

    private static boolean isEmpty(Path directory) throws IOException {
        if (Files.notExists(directory)) {
            return true;
        }
        try (Stream<Path> entries = Files.list(directory)) {
            return entries.findAny().isEmpty();
        }
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    private static byte[] random(int length) {
        byte[] bytes = new byte[length];
        new SecureRandom().nextBytes(bytes);
        return bytes;
    }
}
