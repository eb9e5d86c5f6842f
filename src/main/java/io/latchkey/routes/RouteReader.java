package io.latchkey.routes;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.springframework.util.unit.DataSize;

/** Turns what is written down into routes, and says everything that is wrong with it. */
final class RouteReader {
    private static final Pattern ID = Pattern.compile("[a-z0-9][a-z0-9._-]{0,63}");
    private static final Pattern SCOPE = Pattern.compile("[A-Za-z0-9][A-Za-z0-9:._/-]{0,127}");
    private static final String METHODS = String.join(", ", Route.STANDARD_METHODS);

    private final Placeholders placeholders;
    private final Faults faults;
    private final CorsPolicy cors;

    /** {@code cors} is what the routes do not say themselves. */
    RouteReader(Placeholders placeholders, Faults faults, CorsPolicy cors) {
        this.placeholders = placeholders;
        this.faults = faults;
        this.cors = cors;
    }

    List<Route> read(String property, List<?> elements) {
        List<Route> routes = new ArrayList<>();
        Map<String, String> ids = new HashMap<>();
        Map<String, String> paths = new HashMap<>();
        for (int i = 0; i < elements.size(); i++) {
            String where = property + '[' + i + ']';
            if (!(elements.get(i) instanceof Map<?, ?> mapping)) {
                faults.add(where, "not a mapping", "a mapping with id, path and upstreams");
                continue;
            }
            Route route = route(new Fields(where, mapping, placeholders, faults));
            refuseDuplicate(where + ".id", route.id(), ids);
            refuseDuplicate(where + ".path", route.path(), paths);
            routes.add(route);
        }
        return routes;
    }

    private Route route(Fields fields) {
        String id = fields.requiredText("id", text -> ID.matcher(text).matches(), ID.pattern());
        String path = fields.requiredText("path", RoutePattern::isValid, RoutePattern.EXPECTED);
        boolean allowLinkLocal = fields.flag("allowLinkLocal", false);
        List<Route.Server> upstreams = servers(fields, allowLinkLocal);
        String stripPrefix = fields.text(
                "stripPrefix",
                text -> RoutePattern.isCanonical(text) && RoutePattern.isPrefix(text, RoutePattern.stem(path)),
                "a beginning of path, ending at one of its slashes");
        Set<String> methods = methods(fields);
        String scope = fields.text("scope", text -> SCOPE.matcher(text).matches(), SCOPE.pattern());
        Route.Access access = access(fields, scope);
        // Missions are not built yet: the one mode there is may be named.
        fields.text("mode", "direct"::equals, "direct");
        Map<String, String> headers = fields.pairs("upstreamHeaders");
        headers.forEach((name, value) -> checkHeader(fields.path("upstreamHeaders"), name, value));
        Route route = new Route(
                id,
                path,
                upstreams,
                allowLinkLocal,
                stripPrefix,
                methods,
                scope,
                access,
                RouteParts.timeout(fields.nested("timeout")),
                fields.size("requestSizeLimit", DataSize.ofMegabytes(10)),
                headers,
                RouteParts.retry(fields.nested("retry")),
                RouteParts.breaker(fields.nested("breaker")),
                fields.has("health") ? RouteParts.health(fields.nested("health")) : null,
                fields.duration("slowStart", Duration.ZERO, Duration.ZERO, Duration.ofHours(1)),
                fields.number("warm", 0, 0, 1000),
                RouteParts.admission(fields),
                fields.has("cache") ? RouteParts.caching(fields.nested("cache"), methods) : null,
                fields.flag("compression", true),
                fields.has("fallback") ? RouteParts.fallback(fields.nested("fallback")) : null,
                fields.has("usage") ? RouteParts.metering(fields.nested("usage")) : null,
                RouteParts.cors(fields.nested("cors"), cors));
        fields.refuseTheRest();
        return route;
    }

    private List<Route.Server> servers(Fields fields, boolean allowLinkLocal) {
        if (fields.lacks("upstreams")) {
            faults.missing(fields.path("upstreams"), "at least one URI");
        }
        List<Route.Server> servers = RouteParts.servers(fields);
        for (Route.Server server : servers) {
            if (!allowLinkLocal && UpstreamUri.isLinkLocal(server.uri())) {
                faults.add(
                        fields.path("upstreams"), server.uri(), "no link-local address, unless allowLinkLocal is true");
            }
        }
        return servers;
    }

    private Set<String> methods(Fields fields) {
        List<String> written = fields.texts("methods", Route.STANDARD_METHODS::contains, METHODS);
        if (!fields.has("methods")) {
            return Route.STANDARD_METHODS;
        }
        if (fields.lacks("methods")) {
            faults.missing(fields.path("methods"), "at least one of " + METHODS);
        }
        Set<String> methods = new LinkedHashSet<>(written);
        if (methods.contains("GET")) {
            methods.add("HEAD");
        }
        return methods;
    }

    private Route.Access access(Fields fields, @Nullable String scope) {
        String access = fields.text("access", text -> Set.of("key", "public").contains(text), "key or public");
        if (!"public".equals(access)) {
            return Route.Access.KEY;
        }
        if (scope != null) {
            faults.say(fields.path("scope"), "a public route has no caller whose scope could be checked");
        }
        return Route.Access.PUBLIC;
    }

    private void checkHeader(String property, String name, String value) {
        if (!InjectedHeader.isName(name)) {
            faults.add(property, name, "a header name that is not the connection's own");
        } else if (!InjectedHeader.isValue(value)) {
            faults.say(property + '.' + name, "the value contains a control or non-ASCII character");
        }
    }

    private void refuseDuplicate(String property, String value, Map<String, String> seen) {
        String first = value.isEmpty() ? null : seen.putIfAbsent(value, property);
        if (first != null) {
            faults.add(property, value, "no repetition of " + first);
        }
    }
}
