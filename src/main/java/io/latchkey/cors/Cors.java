package io.latchkey.cors;

import io.latchkey.problems.Refused;
import io.latchkey.routes.CorsPolicy;
import io.latchkey.routes.RouteMatch;
import io.latchkey.routes.Routes;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/** Tells browsers which pages of other origins may call, and read what they are answered. */
@Component
public final class Cors {
    private static final String EXPOSE = "Access-Control-Expose-Headers";
    /** Those of limits and keys are exposed where they are set. */
    private static final String OURS = "X-Correlation-ID, Retry-After";
    /** A browser's own list is far shorter, and this much fits into the answer. */
    private static final int LONGEST_HEADERS = 4096;

    private final Routes routes;
    private final CorsPolicy byDefault;
    private final boolean everywhere;

    Cors(Routes routes, CorsPolicy byDefault) {
        this.routes = routes;
        this.byDefault = byDefault;
        this.everywhere = !byDefault.origins().isEmpty();
    }

    /**
     * Says in the answer's headers who may read it, whatever it will be.
     *
     * @param found is told of the route when there is no more to do
     * @return whether a browser only asked what a page may do, and has its answer
     */
    public boolean answers(HttpServletRequest request, HttpServletResponse response, Consumer<RouteMatch> found) {
        String origin = everywhere || routes.haveCors() ? request.getHeader("Origin") : null;
        if (origin == null) {
            return false;
        }
        RouteMatch match = match(request);
        CorsPolicy policy =
                match == null || match.isReserved() ? byDefault : match.route().cors();
        if (policy == null || policy.origins().isEmpty()) {
            return false;
        }
        boolean allowed = policy.allows(origin);
        response.setHeader("Vary", "Origin");
        if (allowed) {
            boolean all = policy.origins().contains(CorsPolicy.ALL);
            response.setHeader("Access-Control-Allow-Origin", all ? CorsPolicy.ALL : origin);
            if (policy.credentials()) {
                response.setHeader("Access-Control-Allow-Credentials", "true");
            }
        }
        if (match != null
                && request.getMethod().equals("OPTIONS")
                && request.getHeader("Access-Control-Request-Method") != null) {
            found.accept(match);
            response.setStatus(HttpServletResponse.SC_NO_CONTENT);
            if (allowed) {
                permit(match, policy, request, response);
            }
            return true;
        }
        if (allowed) {
            response.addHeader(EXPOSE, OURS);
            policy.exposedHeaders().forEach(name -> response.addHeader(EXPOSE, name));
        }
        return false;
    }

    /** The response to the upstream's answer. */
    public HttpServletResponse over(RouteMatch match, HttpServletResponse response) {
        return match.route().cors() == null ? response : new SharedAnswer(response);
    }

    /** What a malformed path is refused with, the walk says. */
    private @Nullable RouteMatch match(HttpServletRequest request) {
        try {
            return routes.find(request);
        } catch (Refused malformed) {
            return null;
        }
    }

    /** It is the browser that compares this with what the page wants, and tells its developer what is missing. */
    private static void permit(
            RouteMatch match, CorsPolicy policy, HttpServletRequest request, HttpServletResponse response) {
        response.setHeader(
                "Access-Control-Allow-Methods",
                match.methods().stream()
                        .filter(method ->
                                policy.methods().isEmpty() || policy.methods().contains(method))
                        .collect(Collectors.joining(", ")));
        // A "*" in the answer would leave out Authorization, and mean nothing with credentials.
        String headers = policy.headers().contains(CorsPolicy.ALL)
                ? request.getHeader("Access-Control-Request-Headers")
                : String.join(", ", policy.headers());
        if (headers != null && headers.length() <= LONGEST_HEADERS) {
            response.setHeader("Access-Control-Allow-Headers", headers);
        }
        response.setHeader(
                "Access-Control-Max-Age", Long.toString(policy.maxAge().toSeconds()));
    }
}
