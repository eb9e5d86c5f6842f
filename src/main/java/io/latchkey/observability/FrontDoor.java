package io.latchkey.observability;

import io.latchkey.overload.Turnstile;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.eclipse.jetty.ee11.webapp.AbstractConfiguration;
import org.eclipse.jetty.ee11.webapp.WebAppContext;
import org.eclipse.jetty.http.HttpCompliance;
import org.eclipse.jetty.http.UriCompliance;
import org.eclipse.jetty.server.AbstractConnector;
import org.eclipse.jetty.server.ConnectionFactory;
import org.eclipse.jetty.server.Connector;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.NetworkConnectionLimit;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.util.thread.VirtualThreadPool;
import org.springframework.boot.jetty.servlet.JettyServletWebServerFactory;
import org.springframework.boot.web.server.Shutdown;
import org.springframework.boot.web.server.WebServerFactoryCustomizer;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.Order;
import org.springframework.stereotype.Component;

/** Makes Jetty read requests strictly, bound what a client may hold, and answer its own refusals as we do. */
@Component
@Order(Ordered.LOWEST_PRECEDENCE)
final class FrontDoor implements WebServerFactoryCustomizer<JettyServletWebServerFactory> {
    private final FrontDoorProperties properties;
    private final ContainerErrors errors;
    private final AccessLog accessLog;
    private final RequestMeters meters;
    private final Spans spans;
    private final Turnstile turnstile;

    FrontDoor(
            FrontDoorProperties properties,
            ContainerErrors errors,
            AccessLog accessLog,
            RequestMeters meters,
            Spans spans,
            Turnstile turnstile) {
        this.properties = properties;
        this.errors = errors;
        this.accessLog = accessLog;
        this.meters = meters;
        this.spans = spans;
        this.turnstile = turnstile;
    }

    @Override
    public void customize(JettyServletWebServerFactory factory) {
        harden(factory);
        boolean graceful = factory.getShutdown() == Shutdown.GRACEFUL;
        // In place of the handler that Boot would add for it.
        factory.setShutdown(Shutdown.IMMEDIATE);
        factory.addServerCustomizers(server -> {
            server.setRequestLog(accessLog);
            if (graceful) {
                server.setHandler(new RequestsInside(server.getHandler(), meters));
            }
        });
        factory.setThreadPool(new CallerThreads(turnstile));
    }

    /** All but the access log and the turnstile: the actuator's own port is as strict, silent, and never crowded. */
    void harden(JettyServletWebServerFactory factory) {
        factory.setErrorPages(Set.of());
        factory.addConfigurations(new AbstractConfiguration(new AbstractConfiguration.Builder()) {
            @Override
            public void configure(WebAppContext context) {
                context.setErrorHandler(errors);
                context.setSessionHandler(new NoSessions());
            }
        });
        factory.addServerCustomizers(this::harden);
    }

    private void harden(Server server) {
        server.setErrorHandler(errors);
        if (server.getThreadPool() instanceof VirtualThreadPool pool) {
            // Not its own bound, which threads that were started already wait for: the turnstile and the entrance.
            pool.setMaxConcurrentTasks(-1);
        }
        if (properties.minBodyRate().toBytes() > 0) {
            SlowBody slowBody = new SlowBody(properties.minBodyRate().toBytes());
            slowBody.setHandler(server.getHandler());
            server.setHandler(slowBody);
        }
        Connector[] connectors = Stream.of(server.getConnectors())
                .map(connector -> connector instanceof ServerConnector tcp ? hardened(server, tcp) : connector)
                .toArray(Connector[]::new);
        server.setConnectors(connectors);
        server.addBean(new NetworkConnectionLimit(properties.maxConnections(), connectors));
    }

    private ServerConnector hardened(Server server, ServerConnector tcp) {
        CallerConnector connector = new CallerConnector(server, tcp);
        harden(connector);
        return connector;
    }

    private void harden(AbstractConnector connector) {
        connector.setIdleTimeout(properties.idleTimeout().toMillis());
        // Else a stop would at once end what is idle for a second, just as callers turn to their idle connections.
        connector.setShutdownIdleTimeout(properties.idleTimeout().toMillis());
        List<ConnectionFactory> factories = new ArrayList<>();
        for (ConnectionFactory factory : connector.getConnectionFactories()) {
            if (factory instanceof HttpConnectionFactory http) {
                harden(http.getHttpConfiguration());
                factories.add(new PunctualConnection.Factory(http.getHttpConfiguration()));
            } else {
                factories.add(factory);
            }
        }
        connector.setConnectionFactories(factories);
        connector.addBean(new SlowCallers(connector, properties.headerTimeout(), properties.writeTimeout()));
    }

    private void harden(HttpConfiguration http) {
        http.setHttpCompliance(HttpCompliance.STRICT);
        http.setUriCompliance(UriCompliance.RFC3986);
        http.setRequestHeaderSize((int) properties.maxHeaderSize().toBytes());
        // Per connection, and a hundred kilobytes of it: a crowd of callers would fill the heap with them.
        http.setHeaderCacheSize(0);
        // Else a value that the parser knows comes in the parser's spelling: charset=ISO-8859-1 in lower case.
        http.setHeaderCacheCaseSensitive(true);
        http.setSendServerVersion(false);
        http.setSendXPoweredBy(false);
        http.addCustomizer(new AnswerHeaders(spans));
        http.addCustomizer(new TrustedProxies(properties.trustedBlocks()));
        http.addCustomizer(new StrictRequest(properties.maxHeaderFields()));
    }
}
