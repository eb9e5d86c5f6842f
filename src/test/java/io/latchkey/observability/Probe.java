package io.latchkey.observability;

import io.latchkey.keys.TestCallers;
import io.latchkey.routes.RouteMatch;
import jakarta.servlet.Filter;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import org.springframework.boot.web.servlet.FilterRegistrationBean;
import org.springframework.context.annotation.Bean;
import org.springframework.core.Ordered;

/** Stands where the pipeline stands: records what gets past the front door, and answers as its path asks. */
public class Probe {
    /** What arrived; {@code complete} is false when its body ended in an error. */
    record Seen(String method, String path, String client, boolean secure, long bytes, boolean complete) {}

    final List<Seen> seen = new CopyOnWriteArrayList<>();

    @Bean
    FilterRegistrationBean<Filter> probeFilter() {
        Filter filter = (request, response, chain) -> {
            HttpServletRequest http = (HttpServletRequest) request;
            if (http.getRequestURI().startsWith("/mvc/")) {
                chain.doFilter(request, response);
                return;
            }
            answer(http, (HttpServletResponse) response);
        };
        FilterRegistrationBean<Filter> registration = new FilterRegistrationBean<>(filter);
        registration.setOrder(Ordered.HIGHEST_PRECEDENCE + 10);
        registration.addUrlPatterns("/*");
        return registration;
    }

    private void answer(HttpServletRequest request, HttpServletResponse response) throws IOException {
        String path = request.getRequestURI();
        if (path.equals("/api/early")) {
            throw new io.latchkey.problems.Refused(
                    io.latchkey.problems.Refusal.REQUEST_TOO_LARGE, "At most 10 MB here.");
        }
        if (path.equals("/api/half")) {
            response.setHeader("Content-Encoding", "br");
            response.setHeader("ETag", "\"1\"");
            response.getOutputStream().write(new byte[10]);
            throw new IllegalStateException("the encoder broke");
        }
        if (path.equals("/api/bug")) {
            throw new IllegalStateException("secret-detail");
        }
        long bytes = 0;
        try {
            byte[] buffer = new byte[8192];
            for (int n; (n = request.getInputStream().read(buffer)) >= 0; ) {
                bytes += n;
            }
        } catch (IOException | RuntimeException e) {
            note(request, bytes, false);
            throw e;
        }
        note(request, bytes, true);
        Trail trail = Trail.of(request);
        trail.note(new RouteMatch(path, null, "demo", "/api/demo/**", null, false));
        trail.note(TestCallers.caller("k1"));
        trail.noteUpstream(1_500_000);
        byte[] body = path.getBytes(java.nio.charset.StandardCharsets.UTF_8);
        response.setHeader("X-Echo-Traceparent", trail.outgoing(Map.of()).get("traceparent"));
        if (path.equals("/api/cut")) {
            response.getOutputStream().write(new byte[100_000]);
            response.flushBuffer();
            throw new UncheckedIOException(new IOException("upstream broke"));
        }
        response.setContentLength(body.length);
        response.getOutputStream().write(body);
    }

    private void note(HttpServletRequest request, long bytes, boolean complete) {
        seen.add(new Seen(
                request.getMethod(),
                request.getRequestURI(),
                request.getRemoteAddr(),
                request.isSecure(),
                bytes,
                complete));
    }
}
