package io.latchkey.store;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The directory that belongs to this node alone while it runs on the embedded Redis: its data, and the secrets made for
 * it.
 *
 * <p>With a Redis of somebody else it is neither made nor locked, and holds nothing.
 */
public final class DataDirectory implements AutoCloseable {
    private static final Pattern NAME = Pattern.compile("[a-z0-9][a-z0-9-]{0,63}");

    private final Path directory;
    private final boolean embedded;
    private final @Nullable FileChannel lock;

    private DataDirectory(Path directory, boolean embedded, @Nullable FileChannel lock) {
        this.directory = directory;
        this.embedded = embedded;
        this.lock = lock;
    }

    static DataDirectory of(StoreProperties properties) {
        Path directory = properties.dataPath();
        if (!properties.isEmbedded()) {
            return new DataDirectory(directory, false, null);
        }
        try {
            if (Files.notExists(directory)) {
                Files.createDirectories(directory, permissions("rwx------"));
            }
            return new DataDirectory(directory.toRealPath(), true, lock(directory));
        } catch (IOException e) {
            throw new StartRefused(
                    "The data directory " + directory + " cannot be used: " + e + ".",
                    "Set LATCHKEY_DATA_DIR to a directory that this user may write, or LATCHKEY_REDIS_URL to a Redis.");
        }
    }

    /** Whether this node runs on the embedded Redis, so that secrets may be made and kept here. */
    public boolean isEmbedded() {
        return embedded;
    }

    public synchronized Optional<String> read(String name) {
        Path file = file(name);
        try {
            return embedded && Files.exists(file)
                    ? Optional.of(Files.readString(file).strip())
                    : Optional.empty();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The kept value, or the new one after it has reached the disk. */
    public synchronized String readOrCreate(String name, Supplier<String> made) {
        if (!embedded) {
            throw new IllegalStateException("Only the embedded store keeps secrets in a data directory");
        }
        return read(name).orElseGet(() -> {
            String value = made.get();
            write(file(name), value + "\n");
            return value;
        });
    }

    Path path() {
        return directory;
    }

    /** Where it lies, for messages. */
    public String location() {
        return directory.toString();
    }

    /** Lets the next one in. */
    @Override
    public void close() throws IOException {
        if (lock != null) {
            lock.close();
        }
    }

    /** Writes the file whole or not at all, for its owner's eyes only. */
    static void write(Path file, String content) {
        Path directory = file.toAbsolutePath().getParent();
        try {
            Path unfinished = Files.createTempFile(directory, ".", ".new", permissions("rw-------"));
            try (FileChannel channel = FileChannel.open(unfinished, StandardOpenOption.WRITE)) {
                ByteBuffer bytes = StandardCharsets.UTF_8.encode(content);
                while (bytes.hasRemaining()) {
                    channel.write(bytes);
                }
                channel.force(true);
            }
            Files.move(unfinished, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            try (FileChannel entries = FileChannel.open(directory, StandardOpenOption.READ)) {
                // The new name must survive a power cut too: a lost pepper loses every key.
                entries.force(true);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static FileAttribute<?>[] permissions(String text) {
        Path any = Path.of("");
        return any.getFileSystem().supportedFileAttributeViews().contains("posix")
                ? new FileAttribute<?>[] {PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(text))}
                : new FileAttribute<?>[0];
    }

    private Path file(String name) {
        if (!NAME.matcher(name).matches() || Set.of("redis", "lock").contains(name)) {
            throw new IllegalArgumentException("Not a name for a secret: " + name);
        }
        return directory.resolve(name);
    }

    private static FileChannel lock(Path directory) throws IOException {
        FileChannel channel = FileChannel.open(
                directory.resolve("lock"),
                Set.of(StandardOpenOption.CREATE, StandardOpenOption.WRITE),
                permissions("rw-------"));
        FileLock held;
        try {
            held = channel.tryLock();
        } catch (OverlappingFileLockException e) {
            held = null;
        }
        if (held == null) {
            channel.close();
            throw new StartRefused(
                    "The data directory " + directory + " is in use by another Latchkey.",
                    "Stop that one, give this one another LATCHKEY_DATA_DIR, or let both share a Redis by "
                            + "LATCHKEY_REDIS_URL.");
        }
        return channel;
    }
}
