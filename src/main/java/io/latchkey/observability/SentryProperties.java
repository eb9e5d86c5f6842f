package io.latchkey.observability;

import io.sentry.RequestDetailsResolver;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * What is told to Sentry.
 *
 * @param dsn where to (environment: SENTRY_DSN); default none = nothing, and no thread for it
 * @param environment as which the events are filed (environment: SENTRY_ENVIRONMENT); default production
 * @param tracesSampleRate the part of requests below {@code /api} whose times are sent too, 0 to 1 (environment:
 *     SENTRY_TRACES_SAMPLE_RATE); default 0. Danger: each is a call to Sentry, and counts against its quota
 */
@ConfigurationProperties("latchkey.sentry")
record SentryProperties(
        @DefaultValue("") String dsn,
        @DefaultValue("production") String environment,
        @DefaultValue("0") Double tracesSampleRate) {

    SentryProperties {
        dsn = dsn.strip();
        environment = environment.isBlank() ? "production" : environment;
        if (!(tracesSampleRate >= 0 && tracesSampleRate <= 1)) {
            throw new IllegalArgumentException(
                    "latchkey.sentry.traces-sample-rate must be between 0 and 1, not " + tracesSampleRate);
        }
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
