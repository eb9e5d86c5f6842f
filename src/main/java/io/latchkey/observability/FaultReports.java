package io.latchkey.observability;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.ThrowableProxy;
import ch.qos.logback.core.UnsynchronizedAppenderBase;
import io.sentry.SentryEvent;
import io.sentry.SentryLevel;
import io.sentry.SpanContext;
import io.sentry.SpanId;
import io.sentry.protocol.Message;
import io.sentry.protocol.SentryId;
import jakarta.annotation.PostConstruct;
import jakarta.annotation.PreDestroy;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;
import org.slf4j.event.KeyValuePair;
import org.springframework.stereotype.Component;

/**
 * Tells Sentry of the gateway's own faults: of each line of its log at ERROR that has a stack. Whatever a caller or an
 * upstream did wrong is none, and each fault is logged once, whichever thread it ended.
 */
@Component
final class FaultReports extends UnsynchronizedAppenderBase<ILoggingEvent> {
    private final SentryLink sentry;

    FaultReports(SentryLink sentry) {
        this.sentry = sentry;
    }

    @PostConstruct
    void attach() {
        if (sentry.isOpen() && LoggerFactory.getILoggerFactory() instanceof LoggerContext loggers) {
            setContext(loggers);
            start();
            house(loggers).addAppender(this);
        }
    }

    @PreDestroy
    void detach() {
        if (getContext() instanceof LoggerContext loggers) {
            house(loggers).detachAppender(this);
        }
    }

    private static Logger house(LoggerContext loggers) {
        return loggers.getLogger("io.latchkey");
    }

    @Override
    protected void append(ILoggingEvent line) {
        if (line.getLevel().isGreaterOrEqual(Level.ERROR)
                && line.getThrowableProxy() instanceof ThrowableProxy thrown) {
            sentry.tell(event(line, thrown.getThrowable(), trail(line)));
        }
    }

    private static SentryEvent event(ILoggingEvent line, Throwable thrown, @Nullable Trail trail) {
        Message message = new Message();
        message.setMessage(line.getMessage());
        message.setFormatted(line.getFormattedMessage());
        SentryEvent event = new SentryEvent(thrown);
        event.setLevel(SentryLevel.ERROR);
        event.setLogger(line.getLoggerName());
        event.setMessage(message);
        Map<String, String> inside = line.getMDCPropertyMap();
        String traceId = trail == null ? inside.get("traceId") : trail.traceId();
        event.setTag("trace_id", traceId);
        event.setTag(
                "correlation_id", SecretMask.of(trail == null ? inside.get("correlationId") : trail.correlationId()));
        if (trail != null) {
            event.setTag("route", trail.route());
            event.setTag("key_id", trail.keyId());
        }
        if (traceId != null) {
            event.getContexts()
                    .setTrace(new SpanContext(new SentryId(traceId), new SpanId(), "http.server", null, null));
        }
        return event;
    }

    private static @Nullable Trail trail(ILoggingEvent line) {
        List<KeyValuePair> pairs = line.getKeyValuePairs();
        if (pairs != null) {
            for (KeyValuePair pair : pairs) {
                if (pair.value instanceof Trail trail) {
                    return trail;
                }
            }
        }
        return null;
    }
}
