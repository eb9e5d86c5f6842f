package io.latchkey.routes;

import io.latchkey.problems.Refusal;
import io.latchkey.problems.Refused;
import jakarta.servlet.http.HttpServletRequest;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/** The route table: to which route a request's path belongs. */
@Component
public final class Routes {
    private final RouteSource source;
    private final DemoUpstream demo;
    private volatile RouteTable table;

    Routes(RouteSource source, DemoUpstream demo) {
        this.source = source;
        this.demo = demo;
        try {
            this.table = read();
        } catch (InvalidRoutes e) {
            throw e.startRefused();
        }
    }

    /** What is written down now, for {@link #use}; {@link InvalidRoutes} when it cannot be used. */
    RouteTable read() {
        RouteSource.Reading reading = source.read();
        List<Route> routes = reading.routes().isEmpty() ? List.of(source.demo(demo.start())) : reading.routes();
        return new RouteTable(reading.version(), routes);
    }

    /** From now on requests are matched with this table; those that were matched before keep their route. */
    void use(RouteTable next) {
        table = next;
    }

    RouteTable table() {
        return table;
    }

    /** Where the request goes. Refused: a malformed path 400, nobody's path 404, a method the route lacks 405. */
    public RouteMatch match(HttpServletRequest request) {
        RouteMatch match = find(request);
        if (match == null) {
            throw new Refused(Refusal.ROUTE_NOT_FOUND, "No route of this gateway has this path.");
        }
        // Of a reserved path too: the servlet container would answer TRACE itself, with the request's headers in the
        // body.
        if (!match.methods().contains(request.getMethod())) {
            String names = String.join(", ", match.methods());
            throw new Refused(Refusal.METHOD_NOT_ALLOWED, "This path allows " + names + ".").header("Allow", names);
        }
        return match;
    }

    /** What the path means for any method; null for nobody's path. Refused: a malformed one 400. */
    public @Nullable RouteMatch find(HttpServletRequest request) {
        String path = CanonicalPath.of(request.getRequestURI());
        String query = request.getQueryString();
        if (query != null) {
            CanonicalPath.checkQuery(query);
        }
        for (Reserved reserved : Reserved.values()) {
            if (reserved.covers(path)) {
                return reserved.served() ? RouteMatch.of(path, query, reserved) : null;
            }
        }
        Route route = table.find(path);
        return route == null ? null : RouteMatch.of(path, query, route);
    }

    /** Whether pages of other origins may call any route. */
    public boolean haveCors() {
        return table.hasCors();
    }

    /** All routes of now, in the order of the configuration; {@link RoutesChanged} tells of others. */
    public List<Route> all() {
        return table.routes();
    }
}
