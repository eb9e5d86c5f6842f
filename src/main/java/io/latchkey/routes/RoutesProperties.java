package io.latchkey.routes;

import java.time.Duration;
import org.hibernate.validator.constraints.time.DurationMax;
import org.hibernate.validator.constraints.time.DurationMin;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.validation.annotation.Validated;

/**
 * Where the routes are written down.
 *
 * @param routesFile path of the YAML file with the list {@code routes} (default empty: the list
 *     {@code latchkey.routes} of the application's own configuration, and without that the demo route only). An error in
 *     it refuses the start. Whoever can write it decides where requests and injected credentials go.
 * @param routesWatch how often the file is looked at (default 1s, 0s to 1h); a change is in force after two looks at
 *     most. 0s = never: then only {@code POST /admin/routes/reload} reads it again.
 */
@Validated
@ConfigurationProperties("latchkey")
record RoutesProperties(
        @DefaultValue("") String routesFile,

        @DefaultValue("1s") @DurationMin @DurationMax(hours = 1)
        Duration routesWatch) {}
