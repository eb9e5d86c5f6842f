package io.latchkey.routes;

import io.latchkey.store.StartRefused;
import java.io.IOException;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.springframework.core.env.ConfigurableEnvironment;
import org.springframework.stereotype.Component;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;
import org.yaml.snakeyaml.error.MarkedYAMLException;
import org.yaml.snakeyaml.error.YAMLException;

/** Where the routes are written down: a YAML file, or else the application's own configuration. */
@Component
final class RouteSource {
    private final RoutesProperties properties;
    private final ConfigurableEnvironment environment;

    RouteSource(RoutesProperties properties, ConfigurableEnvironment environment) {
        this.properties = properties;
        this.environment = environment;
    }

    /** The configured routes, none at all being fine; a fault refuses the start. */
    List<Route> read() {
        Faults faults = new Faults();
        RouteReader reader = new RouteReader(new Placeholders(environment), faults);
        List<Route> routes;
        String source;
        if (properties.routesFile().isBlank()) {
            source = "the configuration (latchkey.routes)";
            routes = reader.read("latchkey.routes", RouteEnvironment.read(environment));
        } else {
            source = properties.routesFile();
            routes = reader.read("routes", parse(Path.of(source), faults));
        }
        faults.refuseStartIfAny(source);
        return routes;
    }

    private static List<?> parse(Path file, Faults faults) {
        Object document;
        try (Reader reader = Files.newBufferedReader(file, StandardCharsets.UTF_8)) {
            document = yaml().load(reader);
        } catch (IOException e) {
            throw new StartRefused(
                    "The routes file " + file + " cannot be read ("
                            + e.getClass().getSimpleName() + ").",
                    "Let LATCHKEY_ROUTES_FILE name a readable UTF-8 file, or unset it for the demo route.");
        } catch (YAMLException e) {
            throw new StartRefused(
                    "The routes file " + file + " is not valid YAML: " + firstLines(e), "Correct it and start again.");
        }
        if (!(document instanceof Map<?, ?> root)) {
            faults.missing("routes", "a list of at least one route");
            return List.of();
        }
        for (Object name : root.keySet()) {
            if (!"routes".equals(name)) {
                faults.say(String.valueOf(name), "unknown (accepted: routes)");
            }
        }
        Object routes = root.get("routes");
        if (!(routes instanceof List<?> list) || list.isEmpty()) {
            faults.missing("routes", "a list of at least one route");
            return List.of();
        }
        return new ArrayList<>(list);
    }

    private static Yaml yaml() {
        LoaderOptions options = new LoaderOptions();
        options.setAllowDuplicateKeys(false);
        options.setMaxAliasesForCollections(50);
        return new Yaml(new SafeConstructor(options));
    }

    // The parser's message quotes the file, and with it perhaps a secret; its first line and position do not.
    private static String firstLines(YAMLException e) {
        if (e instanceof MarkedYAMLException marked && marked.getProblemMark() != null) {
            return marked.getProblem() + " (line " + (marked.getProblemMark().getLine() + 1) + ", column "
                    + (marked.getProblemMark().getColumn() + 1) + ")";
        }
        return e.getClass().getSimpleName();
    }
}
