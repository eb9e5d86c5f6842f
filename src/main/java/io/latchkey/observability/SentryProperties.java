package io.latchkey.observability;

import io.sentry.RequestDetailsResolver;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * What is told to Sentry.
 *
 * @param dsn where to (environment: SENTRY_DSN); default none = nothing, and no thread for it
 * @param environment as which the events are filed (environment: SENTRY_ENVIRONMENT); default production
 */
@ConfigurationProperties("latchkey.sentry")
record SentryProperties(
        @DefaultValue("") String dsn,
        @DefaultValue("production") String environment) {

    SentryProperties {
        dsn = dsn.strip();
        environment = environment.isBlank() ? "production" : environment;
        if (!dsn.isEmpty()) {
            try {
                new RequestDetailsResolver(dsn, null).resolve();
            } catch (IllegalArgumentException e) {
                throw new IllegalArgumentException(
                        "latchkey.sentry.dsn must be a DSN, such as https://<key>@<host>/<project>", e);
            }
        }
    }
}
