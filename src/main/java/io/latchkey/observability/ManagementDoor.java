package io.latchkey.observability;

import org.springframework.boot.jetty.servlet.JettyServletWebServerFactory;
import org.springframework.boot.web.server.WebServerFactoryCustomizer;
import org.springframework.context.annotation.Bean;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.Order;

/** Makes the actuator's own port as strict as the front door; named in {@code META-INF/spring}, never scanned. */
class ManagementDoor {
    @Bean
    @Order(Ordered.LOWEST_PRECEDENCE)
    WebServerFactoryCustomizer<JettyServletWebServerFactory> strictManagementPort(FrontDoor frontDoor) {
        return frontDoor::harden;
    }
}
