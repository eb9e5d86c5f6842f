package io.latchkey.routes;

import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.validation.annotation.Validated;

/**
 * Where the routes are written down.
 *
 * @param routesFile path of the YAML file with the list {@code routes} (default empty: the list
 *     {@code latchkey.routes} of the application's own configuration, and without that the demo route only). It is read
 *     at start; an error in it refuses the start. Whoever can write it decides where requests and injected credentials
 *     go.
 */
@Validated
@ConfigurationProperties("latchkey")
record RoutesProperties(@DefaultValue("") String routesFile) {}
