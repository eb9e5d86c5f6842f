package io.latchkey;

import io.latchkey.cache.ResponseCache;
import io.latchkey.compression.Compression;
import io.latchkey.cors.Cors;
import io.latchkey.keys.Caller;
import io.latchkey.keys.Keys;
import io.latchkey.observability.Trail;
import io.latchkey.overload.Entrance;
import io.latchkey.problems.Problems;
import io.latchkey.problems.Refused;
import io.latchkey.proxy.Proxy;
import io.latchkey.proxy.VerbatimAnswer;
import io.latchkey.ratelimit.Permit;
import io.latchkey.ratelimit.RateLimits;
import io.latchkey.routes.RouteMatch;
import io.latchkey.routes.Routes;
import io.latchkey.usage.Usage;
import jakarta.servlet.Filter;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.ServletRequest;
import jakarta.servlet.ServletResponse;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import org.springframework.boot.web.servlet.FilterRegistration;
import org.springframework.core.Ordered;
import org.springframework.stereotype.Component;

/**
 * The life of a request below {@code /api}, in order, between the opening of its trail and the end of it. Each stop's
 * result is the next one's argument: forwarding what was not checked, or not let in, does not compile.
 */
@Component
@FilterRegistration(urlPatterns = "/api/*", order = Ordered.HIGHEST_PRECEDENCE + 100)
record Pipeline(
        Cors cors,
        Entrance entrance,
        Routes routes,
        Keys keys,
        RateLimits limits,
        ResponseCache cache,
        Proxy proxy,
        Compression compression,
        Usage usage,
        Problems problems)
        implements Filter {
    @Override
    @SuppressWarnings("try")
    public void doFilter(ServletRequest incoming, ServletResponse outgoing, FilterChain chain)
            throws IOException, ServletException {
        HttpServletRequest request = (HttpServletRequest) incoming;
        HttpServletResponse response = (HttpServletResponse) outgoing;
        Trail trail = Trail.of(request);
        // A browser asks without a key whether a page may send one, and must be able to read every refusal.
        if (cors.answers(request, response, trail::note)) {
            return;
        }
        // The first stop: under overload every other stop costs more than a refusal.
        try (var inside = entrance.enter(request)) {
            // Which route first: an unknown path costs no key look-up.
            RouteMatch match = trail.note(routes.match(request));
            Caller caller = trail.note(match.needsKey() ? keys.authenticate(request, match.scope()) : keys.anonymous());
            keys.signal(caller, response);
            trail.whenOver(usage.of(match, caller, request)::count);
            usage.admit(match, caller, response);
            // Whatever happens inside, the permit gives its slots back.
            try (Permit permit = limits.admit(match, caller, request, response)) {
                if (match.isReserved()) {
                    // Our own API: the same checks, then on to Spring MVC. Its answers may hold a new token.
                    response.setHeader("Cache-Control", "no-store");
                    request.setAttribute(Caller.ATTRIBUTE, caller);
                    chain.doFilter(request, response);
                } else {
                    go(trail, match, permit, request, response);
                }
            }
        } catch (Refused refused) {
            // The only error writer; what is no refusal is a fault, and the trail's.
            problems.answer(request, response, refused);
        }
    }

    /** From the cache, or from the upstream through it; the cache keeps what the upstream sent, before it shrinks. */
    private void go(Trail trail, RouteMatch match, Permit permit, HttpServletRequest request, HttpServletResponse whole)
            throws IOException {
        ResponseCache.Fill upstream = (conditions, replayed, filled) -> {
            var envelope = new Proxy.Envelope(trail.outgoing(conditions), trail::callerIsGone);
            trail.noteUpstream(proxy.forward(match, permit, envelope, replayed, usage.watch(replayed, filled)));
        };
        HttpServletResponse response = compression.of(match, request, new VerbatimAnswer(cors.over(match, whole)));
        try {
            trail.noteCache(cache.serve(match, permit.caller(), request, response, upstream));
            compression.finish(response);
        } finally {
            compression.release(response);
        }
    }
}
