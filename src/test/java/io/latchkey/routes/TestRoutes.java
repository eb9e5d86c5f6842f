package io.latchkey.routes;

import java.time.Duration;
import java.util.List;
import org.springframework.core.env.StandardEnvironment;
import org.yaml.snakeyaml.Yaml;

/** Routes for tests of what comes after the match, read as any other. */
public final class TestRoutes {
    static final CorsPolicy NO_CORS = new CorsPolicy(List.of(), List.of(), List.of(), List.of(), false, Duration.ZERO);

    private TestRoutes() {}

    /** The route {@code id} below {@code /api/id}; {@code fields} is the inside of a YAML mapping in one line. */
    public static Route route(String id, String fields) {
        Object mapping = new Yaml().load("{ id: " + id + ", path: /api/" + id + "/**, " + fields + " }");
        Faults faults = new Faults();
        Route route = new RouteReader(new Placeholders(new StandardEnvironment()), faults, NO_CORS)
                .read("test", List.of(mapping))
                .getFirst();
        faults.throwIfAny("the test");
        return route;
    }
}
