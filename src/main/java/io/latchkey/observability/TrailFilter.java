package io.latchkey.observability;

import io.latchkey.problems.Problems;
import io.latchkey.problems.Refusal;
import io.latchkey.problems.Refused;
import jakarta.servlet.Filter;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletRequest;
import jakarta.servlet.ServletResponse;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.concurrent.TimeoutException;
import org.eclipse.jetty.ee11.servlet.ServletContextRequest;
import org.eclipse.jetty.http.HttpException;
import org.eclipse.jetty.io.EofException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.MDC;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.Order;
import org.springframework.stereotype.Component;

/** The first filter: opens the trail, and lets nothing that is thrown inside reach the container. */
@Component
@Order(Ordered.HIGHEST_PRECEDENCE)
final class TrailFilter implements Filter {
    private static final Logger LOG = LoggerFactory.getLogger(TrailFilter.class);

    private final Problems problems;
    private final RequestMeters meters;

    TrailFilter(Problems problems, RequestMeters meters) {
        this.problems = problems;
        this.meters = meters;
    }

    @Override
    public void doFilter(ServletRequest servletRequest, ServletResponse servletResponse, FilterChain chain)
            throws IOException {
        HttpServletRequest request = (HttpServletRequest) servletRequest;
        HttpServletResponse response = (HttpServletResponse) servletResponse;
        Trail trail = Trail.of(ServletContextRequest.getServletContextRequest(request));
        trail.enter();
        meters.entered();
        MDC.put("correlationId", trail.correlationId());
        MDC.put("traceId", trail.traceId());
        try {
            chain.doFilter(request, response);
        } catch (Throwable thrown) {
            answer(trail, request, response, thrown);
        } finally {
            MDC.remove("correlationId");
            MDC.remove("traceId");
        }
    }

    private void answer(Trail trail, HttpServletRequest request, HttpServletResponse response, Throwable thrown)
            throws IOException {
        Refused refused = refused(thrown);
        if (refused == null && !find(thrown, EofException.class)) {
            LOG.atError().addKeyValue(Trail.KEY, trail).setCause(thrown).log("The gateway failed");
            meters.fault();
            refused = new Refused(Refusal.GATEWAY_FAULT, "The gateway failed; it has been logged.");
        }
        if (response.isCommitted() || refused == null) {
            trail.noteAborted();
        }
        if (refused == null) {
            // The caller is gone; there is nobody to answer.
            response.sendError(-1);
            return;
        }
        try {
            problems.answer(request, response, refused);
        } catch (IOException e) {
            trail.noteAborted();
            response.sendError(-1);
        }
    }

    /** What the caller did wrong while it was still sending, or what a stop of the walk decided. */
    private static @Nullable Refused refused(Throwable thrown) {
        for (Throwable t = thrown; t != null; t = t.getCause()) {
            if (t instanceof Refused refused) {
                return refused;
            }
            if (t instanceof HttpException bad) {
                Refusal refusal = Refusal.ofStatus(bad.getCode());
                return new Refused(refusal, refusal.meaning(), thrown).header("Connection", "close");
            }
            // Jetty's idle timeout, met while reading the body.
            if (t instanceof IOException && t.getCause() instanceof TimeoutException) {
                Refusal refusal = Refusal.REQUEST_TIMEOUT;
                return new Refused(refusal, refusal.meaning(), thrown).header("Connection", "close");
            }
        }
        return null;
    }

    private static boolean find(Throwable thrown, Class<? extends Throwable> type) {
        for (Throwable t = thrown; t != null; t = t.getCause()) {
            if (type.isInstance(t)) {
                return true;
            }
        }
        return false;
    }
}
