package io.latchkey.observability;

import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.springframework.boot.EnvironmentPostProcessor;
import org.springframework.boot.SpringApplication;
import org.springframework.core.env.ConfigurableEnvironment;
import org.springframework.core.env.MapPropertySource;
import org.springframework.core.env.PropertyResolver;

/** The switches by which an operator turns a capability off in an emergency; a value that nobody meant stops the start. */
public final class KillSwitches implements EnvironmentPostProcessor {
    private static final List<String> NAMES =
            List.of("DISABLE_CACHING", "DISABLE_COMPRESSION", "DISABLE_CIRCUIT_BREAKERS", "DISABLE_RATE_LIMITING");

    @Override
    public void postProcessEnvironment(ConfigurableEnvironment environment, SpringApplication application) {
        Map<String, Object> unset = new HashMap<>();
        for (String name : NAMES) {
            String value = environment.getProperty(name, "false");
            if (value.isBlank()) {
                // As an env file leaves it that names the variable only.
                unset.put(name, "false");
            } else if (!value.equals("true") && !value.equals("false")) {
                throw new IllegalStateException(name + " must be true or false, not '" + LogText.of(value, 32) + "'");
            }
        }
        environment.getPropertySources().addFirst(new MapPropertySource("unset kill switches", unset));
    }

    /** Which are on. */
    static Map<String, Boolean> of(PropertyResolver environment) {
        Map<String, Boolean> switches = new LinkedHashMap<>();
        NAMES.forEach(name -> switches.put(name, "true".equals(environment.getProperty(name))));
        return switches;
    }
}
