package io.latchkey.observability;

import io.latchkey.LatchkeyApplication;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;

/** The app on free ports, with a {@link Probe} behind its front door. */
final class TestFront implements AutoCloseable {
    private final ConfigurableApplicationContext context;

    TestFront(String... arguments) {
        List<String> all = new ArrayList<>(List.of(
                "--server.port=0",
                "--management.server.port=0",
                "--LATCHKEY_DATA_DIR=" + directory(),
                // With nothing made at the start, nothing is printed beside the log.
                "--latchkey.admin-token=test-admin-token",
                "--latchkey.keys.legacy-key=test-legacy-key"));
        all.addAll(List.of(arguments));
        context = new SpringApplicationBuilder(LatchkeyApplication.class, Probe.class).run(all.toArray(String[]::new));
    }

    private static Path directory() {
        try {
            return Files.createTempDirectory("latchkey-test");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    int port() {
        return context.getEnvironment().getRequiredProperty("local.server.port", Integer.class);
    }

    int managementPort() {
        return context.getEnvironment().getRequiredProperty("local.management.port", Integer.class);
    }

    Probe probe() {
        return context.getBean(Probe.class);
    }

    <T> T bean(Class<T> type) {
        return context.getBean(type);
    }

    @Override
    public void close() {
        context.close();
    }
}
