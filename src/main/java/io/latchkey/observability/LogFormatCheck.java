package io.latchkey.observability;

import java.util.Set;
import org.springframework.boot.EnvironmentPostProcessor;
import org.springframework.boot.SpringApplication;
import org.springframework.core.env.ConfigurableEnvironment;

/** Stops the start by name when {@code LOG_FORMAT} is unknown; Boot would only miss a file nobody has heard of. */
public final class LogFormatCheck implements EnvironmentPostProcessor {
    private static final Set<String> FORMATS = Set.of("json", "text");

    @Override
    public void postProcessEnvironment(ConfigurableEnvironment environment, SpringApplication application) {
        String format = environment.getProperty("LOG_FORMAT", "json");
        if (!FORMATS.contains(format)) {
            throw new IllegalStateException("LOG_FORMAT must be json or text, not '" + LogText.of(format, 32) + "'");
        }
    }
}
