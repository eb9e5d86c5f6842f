package io.latchkey;

import io.latchkey.keys.Caller;
import io.latchkey.keys.Keys;
import io.latchkey.observability.Trail;
import io.latchkey.problems.Problems;
import io.latchkey.problems.Refused;
import io.latchkey.proxy.Proxy;
import io.latchkey.proxy.Proxy.Forwarded;
import io.latchkey.routes.RouteMatch;
import io.latchkey.routes.Routes;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpFilter;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import org.springframework.boot.web.servlet.FilterRegistration;
import org.springframework.core.Ordered;
import org.springframework.stereotype.Component;

/**
 * The life of a request below {@code /api}, in order. {@code TrailFilter} has opened the trail before it and closes it
 * after it, whatever happens here.
 *
 * <p>Each stop's result is the next one's argument: forwarding a request whose key was not checked does not compile.
 */
@Component
@FilterRegistration(urlPatterns = "/api/*", order = Ordered.HIGHEST_PRECEDENCE + 100)
final class Pipeline extends HttpFilter {
    private final transient Routes routes;
    private final transient Keys keys;
    private final transient Proxy proxy;
    private final transient Problems problems;

    Pipeline(Routes routes, Keys keys, Proxy proxy, Problems problems) {
        this.routes = routes;
        this.keys = keys;
        this.proxy = proxy;
        this.problems = problems;
    }

    @Override
    protected void doFilter(HttpServletRequest request, HttpServletResponse response, FilterChain chain)
            throws IOException, ServletException {
        Trail trail = Trail.of(request);
        try {
            // Which route first: an unknown path costs no key look-up.
            RouteMatch match = trail.note(routes.match(request));
            Caller caller = trail.note(match.needsKey() ? keys.authenticate(request, match.scope()) : keys.anonymous());
            keys.signal(caller, response);
            if (match.isReserved()) {
                // Our own API: the same checks, then on to Spring MVC. Its answers may hold a new token.
                response.setHeader("Cache-Control", "no-store");
                request.setAttribute(Caller.ATTRIBUTE, caller);
                chain.doFilter(request, response);
            } else {
                Forwarded forwarded = proxy.forward(match, caller, trail.outgoing(), request, response);
                trail.noteUpstream(forwarded.firstByteNanos());
            }
        } catch (Refused refused) {
            // The only error writer; what is no refusal is a fault, and the trail's.
            problems.answer(request, response, refused);
        }
    }
}
