package io.latchkey.proxy;

import io.latchkey.keys.TestCallers;
import io.latchkey.problems.Problems;
import io.latchkey.problems.Refused;
import io.latchkey.ratelimit.TestPermits;
import io.latchkey.routes.RouteMatch;
import io.latchkey.routes.Routes;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.context.properties.ConfigurationPropertiesScan;
import org.springframework.boot.web.servlet.FilterRegistrationBean;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.ComponentScan;
import org.springframework.context.annotation.FilterType;
import org.springframework.core.Ordered;
import org.springframework.web.filter.OncePerRequestFilter;

/** The part of the walk from the match to the upstream in a real server, without keys. */
final class TestGateway implements AutoCloseable {
    static final String CORRELATION_ID = "test-correlation-id";

    private static final AtomicLong SKIPPED = new AtomicLong();

    private final ConfigurableApplicationContext context;

    private TestGateway(ConfigurableApplicationContext context) {
        this.context = context;
    }

    static TestGateway start(String routes, String... properties) {
        try {
            String file = "";
            if (!routes.isEmpty()) {
                file = Files.writeString(Files.createTempFile("routes", ".yml"), routes)
                        .toString();
            }
            String[] arguments = Stream.concat(
                            Stream.of(
                                    "server.port=0",
                                    // Health and meters are not part of this walk.
                                    "management.server.port=-1",
                                    "server.address=127.0.0.1",
                                    "latchkey.routes-file=" + file,
                                    "spring.threads.virtual.enabled=true",
                                    "spring.mvc.formcontent.filter.enabled=false",
                                    "spring.main.banner-mode=off",
                                    "logging.level.root=WARN",
                                    // The store, which the readiness asks for, is not here.
                                    "management.endpoint.health.validate-group-membership=false",
                                    // The stub drops its connections between tests.
                                    "latchkey.wire.check-after-idle=0s",
                                    // Its failures are a test's subject; those of the breaker are not.
                                    "latchkey.upstreams.circuit-breakers-disabled=true"),
                            Stream.of(properties))
                    .map(property -> "--" + property)
                    .toArray(String[]::new);
            return new TestGateway(new SpringApplication(App.class).run(arguments));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Lets a minute pass: what was used of budgets is forgotten. */
    static void later() {
        SKIPPED.addAndGet(60);
    }

    int port() {
        return context.getEnvironment().getRequiredProperty("local.server.port", Integer.class);
    }

    /** What {@link Proxy#forward} returned or threw, in order. */
    @SuppressWarnings("unchecked")
    BlockingQueue<Object> outcomes() {
        return (BlockingQueue<Object>) context.getBean("outcomes");
    }

    @Override
    public void close() {
        context.close();
    }

    // Not a @SpringBootConfiguration: the scan of the whole app would find it.
    @EnableAutoConfiguration
    @ComponentScan(
            basePackages = {
                "io.latchkey.routes",
                "io.latchkey.proxy",
                "io.latchkey.wire",
                "io.latchkey.upstreams",
                "io.latchkey.problems"
            },
            // They write to the audit log, which is not here.
            excludeFilters =
                    @ComponentScan.Filter(
                            type = FilterType.REGEX,
                            pattern = "io\\.latchkey\\.routes\\.Route(Reloads|Audit|FileWatch|Meters|AdminController)"))
    @ConfigurationPropertiesScan({
        "io.latchkey.routes",
        "io.latchkey.proxy",
        "io.latchkey.wire",
        "io.latchkey.upstreams",
        "io.latchkey.problems"
    })
    static class App {
        @Bean
        InstantSource time() {
            return () -> Instant.EPOCH.plus(Duration.ofNanos(System.nanoTime())).plusSeconds(SKIPPED.get());
        }

        @Bean
        BlockingQueue<Object> outcomes() {
            return new LinkedBlockingQueue<>();
        }

        @Bean
        FilterRegistrationBean<Walk> walk(
                Routes routes, Proxy proxy, Problems problems, BlockingQueue<Object> outcomes) {
            FilterRegistrationBean<Walk> walk =
                    new FilterRegistrationBean<>(new Walk(routes, proxy, problems, outcomes));
            walk.addUrlPatterns("/api/*");
            walk.setOrder(Ordered.HIGHEST_PRECEDENCE);
            return walk;
        }
    }

    static final class Walk extends OncePerRequestFilter {
        private final Routes routes;
        private final Proxy proxy;
        private final Problems problems;
        private final BlockingQueue<Object> outcomes;

        Walk(Routes routes, Proxy proxy, Problems problems, BlockingQueue<Object> outcomes) {
            this.routes = routes;
            this.proxy = proxy;
            this.problems = problems;
            this.outcomes = outcomes;
        }

        @Override
        protected void doFilterInternal(HttpServletRequest request, HttpServletResponse response, FilterChain chain)
                throws IOException, ServletException {
            request.setAttribute(Problems.REQUEST_ID, CORRELATION_ID);
            response.setHeader("X-Correlation-ID", CORRELATION_ID);
            response.setHeader("X-Frame-Options", "DENY");
            response.setHeader("X-Content-Type-Options", "nosniff");
            if (request.getRequestURI().endsWith("/old-secret")) {
                response.addHeader("Link", "</problems/key-superseded>; rel=\"help\"");
                response.addHeader("Access-Control-Expose-Headers", "API-Key-Status, API-Key-Expires, Link");
            }
            try {
                RouteMatch match = routes.match(request);
                if (match.isReserved()) {
                    chain.doFilter(request, response);
                    return;
                }
                var caller = TestCallers.caller(match.route().isPublic() ? null : "key1");
                outcomes.add(proxy.forward(
                        match,
                        TestPermits.permit(caller),
                        new Proxy.Envelope(Map.of("X-Correlation-ID", CORRELATION_ID), () -> false),
                        request,
                        response));
            } catch (Refused refused) {
                outcomes.add(refused);
                problems.answer(request, response, refused);
            } catch (IOException gone) {
                outcomes.add(gone);
                throw gone;
            }
        }
    }
}
