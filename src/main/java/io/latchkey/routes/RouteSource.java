package io.latchkey.routes;

import io.latchkey.problems.WrongField;
import java.io.IOException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.springframework.core.env.ConfigurableEnvironment;
import org.springframework.stereotype.Component;
import org.yaml.snakeyaml.DumperOptions;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;
import org.yaml.snakeyaml.error.MarkedYAMLException;
import org.yaml.snakeyaml.error.YAMLException;
import org.yaml.snakeyaml.nodes.Tag;
import org.yaml.snakeyaml.representer.Representer;
import org.yaml.snakeyaml.resolver.Resolver;

/** Where the routes are written down: a YAML file, or else the application's own configuration. */
@Component
final class RouteSource {
    private static final int VERSION_DIGITS = 12;

    private final RoutesProperties properties;
    private final CorsPolicy cors;
    private final ConfigurableEnvironment environment;

    RouteSource(RoutesProperties properties, CorsPolicy cors, ConfigurableEnvironment environment) {
        this.properties = properties;
        this.cors = cors;
        this.environment = environment;
    }

    /** The routes as they were read, and a name for exactly this text. */
    record Reading(String version, List<Route> routes) {}

    /** What is written down now, none at all being fine; {@link InvalidRoutes} when it cannot be used. */
    Reading read() {
        Faults faults = new Faults();
        RouteReader reader = reader(faults);
        if (isFile()) {
            byte[] bytes = bytes();
            List<Route> routes = reader.read("routes", parse(bytes, faults));
            faults.throwIfAny(properties.routesFile());
            return new Reading(version(bytes), routes);
        }
        List<?> written = RouteEnvironment.read(environment);
        List<Route> routes = reader.read("latchkey.routes", written);
        faults.throwIfAny(name());
        return new Reading(version(written.toString().getBytes(StandardCharsets.UTF_8)), routes);
    }

    boolean isFile() {
        return !properties.routesFile().isBlank();
    }

    /** Where the routes are written down, for people. */
    String name() {
        return isFile() ? properties.routesFile() : "the configuration (latchkey.routes)";
    }

    /** The version of what the file holds now, usable or not; the same in all its failures to be read. */
    String fileVersion() {
        try {
            return version(bytes());
        } catch (InvalidRoutes e) {
            return "";
        }
    }

    /** The route that is there when none is configured. */
    Route demo(URI upstream) {
        Map<String, Object> demo =
                Map.of("id", "demo", "path", "/api/demo/**", "upstreams", List.of(upstream.toString()));
        Faults faults = new Faults();
        List<Route> routes = reader(faults).read("demo", List.of(demo));
        faults.throwIfAny("the demo");
        return routes.getFirst();
    }

    private RouteReader reader(Faults faults) {
        return new RouteReader(new Placeholders(environment), faults, cors);
    }

    private byte[] bytes() {
        try {
            return Files.readAllBytes(Path.of(properties.routesFile()));
        } catch (IOException e) {
            throw invalid("the file cannot be read (" + e.getClass().getSimpleName()
                    + "): LATCHKEY_ROUTES_FILE names a readable UTF-8 file, or nothing for the demo route");
        }
    }

    private InvalidRoutes invalid(String what) {
        return new InvalidRoutes(properties.routesFile(), List.of(new WrongField("routes", what)));
    }

    private List<?> parse(byte[] bytes, Faults faults) {
        Object document;
        try {
            document = yaml().load(StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes))
                    .toString());
        } catch (CharacterCodingException e) {
            throw invalid("the file is not UTF-8");
        } catch (YAMLException e) {
            throw invalid("the file is not valid YAML: " + firstLines(e));
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

    /** As {@code sha256sum} says it, its first twelve digits; before any variable is replaced, so it tells no secret. */
    private static String version(byte[] bytes) {
        try {
            return HexFormat.of()
                    .formatHex(MessageDigest.getInstance("SHA-256").digest(bytes))
                    .substring(0, VERSION_DIGITS);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    private static Yaml yaml() {
        LoaderOptions options = new LoaderOptions();
        options.setAllowDuplicateKeys(false);
        options.setMaxAliasesForCollections(50);
        DumperOptions dumping = new DumperOptions();
        return new Yaml(new SafeConstructor(options), new Representer(dumping), dumping, options, new AsWritten());
    }

    /** Scalars stay as they are written: YAML 1.1 reads {@code on} as true, and {@code 1_0} as ten. */
    private static final class AsWritten extends Resolver {
        @Override
        protected void addImplicitResolvers() {
            addImplicitResolver(Tag.MERGE, MERGE, "<");
            addImplicitResolver(Tag.NULL, NULL, "~nN\0");
            addImplicitResolver(Tag.NULL, EMPTY, null);
        }
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
