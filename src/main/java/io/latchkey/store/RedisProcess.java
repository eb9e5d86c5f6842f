package io.latchkey.store;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One running redis-server. */
final class RedisProcess {
    private static final Logger log = LoggerFactory.getLogger(RedisProcess.class);
    private static final Path SETSID = Path.of("/usr/bin/setsid");
    private static final int LAST_WORDS = 5;

    private final Process process;
    private final CompletableFuture<Boolean> accepting = new CompletableFuture<>();
    private final Deque<String> lastWords = new ArrayDeque<>();

    private RedisProcess(Process process) {
        this.process = process;
    }

    /** The configuration goes through standard input: a password on the command line is everybody's to read. */
    static RedisProcess start(Path binary, Path directory, String configuration) throws IOException {
        List<String> command = new ArrayList<>();
        if (Files.isExecutable(SETSID)) {
            // Ctrl-C reaches the whole process group; Redis must outlive what still writes to it.
            command.add(SETSID.toString());
        }
        command.addAll(List.of(binary.toString(), "-"));
        ProcessBuilder builder =
                new ProcessBuilder(command).directory(directory.toFile()).redirectErrorStream(true);
        // Our environment holds secrets that are none of its business.
        builder.environment().clear();
        RedisProcess redis = new RedisProcess(builder.start());
        Thread.ofVirtual().name("latchkey-redis-log").start(redis::listen);
        try (OutputStream in = redis.process.getOutputStream()) {
            in.write(configuration.getBytes(StandardCharsets.UTF_8));
        } catch (IOException e) {
            log.debug("redis-server closed its input early", e);
        }
        return redis;
    }

    /** False when it ended instead. */
    boolean awaitAccepting(Duration atMost) throws InterruptedException {
        try {
            return accepting.get(atMost.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
            return process.isAlive();
        } catch (ExecutionException e) {
            return false;
        }
    }

    int awaitExit() throws InterruptedException {
        return process.waitFor();
    }

    long pid() {
        return process.pid();
    }

    String lastWords() {
        synchronized (lastWords) {
            return String.join(" | ", lastWords);
        }
    }

    void stop(Duration patience) {
        stop(process.toHandle(), patience, process::isAlive);
    }

    /** Stops every process that runs this very file: left behind by an application that was killed. */
    static void stopOrphans(Path binary, Duration patience) {
        List<ProcessHandle> orphans;
        try (Stream<ProcessHandle> all = ProcessHandle.allProcesses()) {
            orphans = all.filter(handle -> runs(handle, binary)).toList();
        }
        for (ProcessHandle orphan : orphans) {
            log.warn("Stopping the embedded Redis (pid {}) that an earlier run left behind", orphan.pid());
            stop(orphan, patience, () -> runs(orphan, binary));
            if (runs(orphan, binary)) {
                throw new StartRefused(
                        "The embedded Redis of an earlier run (pid " + orphan.pid() + ") does not stop.",
                        "End that process, then start again.");
            }
        }
    }

    // A process that ended but was not collected by its parent is still alive to ProcessHandle, but runs no file.
    private static boolean runs(ProcessHandle handle, Path binary) {
        return handle.info()
                .command()
                .filter(command -> command.equals(binary.toString()) || command.equals(binary + " (deleted)"))
                .isPresent();
    }

    private static void stop(ProcessHandle handle, Duration patience, BooleanSupplier running) {
        handle.destroy();
        if (!ends(running, patience)) {
            handle.destroyForcibly();
            ends(running, patience);
        }
    }

    private static boolean ends(BooleanSupplier running, Duration patience) {
        long deadline = System.nanoTime() + patience.toNanos();
        while (running.getAsBoolean()) {
            if (System.nanoTime() > deadline) {
                return false;
            }
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(10));
        }
        return true;
    }

    private void listen() {
        try (BufferedReader out = process.inputReader(StandardCharsets.UTF_8)) {
            for (String line = out.readLine(); line != null; line = out.readLine()) {
                log.debug("{}", line);
                synchronized (lastWords) {
                    lastWords.addLast(line);
                    if (lastWords.size() > LAST_WORDS) {
                        lastWords.removeFirst();
                    }
                }
                if (line.contains("Ready to accept connections")) {
                    accepting.complete(true);
                }
            }
        } catch (IOException e) {
            log.debug("The log of redis-server ended", e);
        } finally {
            accepting.complete(false);
        }
    }
}
