package io.latchkey.observability;

import io.latchkey.keys.NodeName;
import io.sentry.SentryClient;
import io.sentry.SentryEvent;
import io.sentry.SentryOptions;
import io.sentry.SpanContext;
import io.sentry.SpanId;
import io.sentry.SpanStatus;
import io.sentry.TracesSamplingDecision;
import io.sentry.protocol.Message;
import io.sentry.protocol.SentryException;
import io.sentry.protocol.SentryId;
import io.sentry.protocol.SentrySpan;
import io.sentry.protocol.SentryTransaction;
import io.sentry.protocol.TransactionInfo;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.info.BuildProperties;
import org.springframework.stereotype.Component;

/**
 * The way to Sentry: a bounded queue with one sender, who says nothing when nobody takes it. Without a DSN there is none.
 *
 * <p>A client alone, without the SDK's global scope: what is not put into an event by hand cannot be in it.
 */
@Component
final class SentryLink implements AutoCloseable {
    private static final int ROOM = 100;
    private static final int CONNECT_MILLIS = 2000;
    private static final int ANSWER_MILLIS = 5000;
    private static final int FLUSH_MILLIS = 800;
    private static final int GIVE_UP_MILLIS = 200;

    private final @Nullable SentryClient client;

    SentryLink(SentryProperties properties, NodeName node, ObjectProvider<BuildProperties> build) {
        client = properties.dsn().isEmpty() ? null : new SentryClient(options(properties, node, build));
    }

    private static SentryOptions options(
            SentryProperties properties, NodeName node, ObjectProvider<BuildProperties> build) {
        SentryOptions options = new SentryOptions();
        options.setDsn(properties.dsn());
        options.setEnvironment(properties.environment());
        build.ifAvailable(made -> options.setRelease("latchkey@" + made.getVersion()));
        options.setTag("node", node.toString());
        options.setAttachServerName(false);
        options.addInAppInclude("io.latchkey");
        options.setMaxQueueSize(ROOM);
        // Else what finds no room would be read once more to be counted, by the one who brought it.
        options.setSendClientReports(false);
        options.setConnectionTimeoutMillis(CONNECT_MILLIS);
        options.setReadTimeoutMillis(ANSWER_MILLIS);
        options.setShutdownTimeoutMillis(FLUSH_MILLIS);
        options.setFlushTimeoutMillis(GIVE_UP_MILLIS);
        options.setBeforeSend((event, hint) -> masked(event));
        return options;
    }

    boolean isOpen() {
        return client != null;
    }

    void tell(SentryEvent event) {
        if (client != null) {
            client.captureEvent(event, null, null);
        }
    }

    void tell(RequestTrace trace) {
        if (client == null) {
            return;
        }
        SentryId traceId = new SentryId(trace.context().traceId());
        SpanId spanId = new SpanId(trace.spanId());
        String parentId = trace.context().parentId();
        SentryTransaction transaction = new SentryTransaction(
                trace.name(),
                seconds(trace.began()),
                seconds(trace.ended()),
                trace.isCalled() ? List.of(call(trace, traceId, spanId)) : List.of(),
                Map.of(),
                new TransactionInfo("route"));
        transaction
                .getContexts()
                .setTrace(new SpanContext(
                        traceId,
                        spanId,
                        parentId == null ? null : new SpanId(parentId),
                        "http.server",
                        null,
                        new TracesSamplingDecision(true),
                        SpanStatus.fromHttpStatusCode(trace.access().status()),
                        "manual"));
        transaction.setTag("http.method", trace.method());
        transaction.setTag("correlation_id", SecretMask.of(trace.access().correlationId()));
        transaction.setTag("route", trace.access().route());
        transaction.setTag("key_id", trace.access().keyId());
        client.captureTransaction(transaction, null, null, null);
    }

    private static SentrySpan call(RequestTrace trace, SentryId traceId, SpanId serverSpan) {
        return new SentrySpan(
                seconds(trace.callBegan()),
                seconds(trace.callEnded()),
                traceId,
                new SpanId(trace.context().spanId()),
                serverSpan,
                "http.client",
                trace.method(),
                trace.callError() == null ? SpanStatus.OK : SpanStatus.INTERNAL_ERROR,
                "manual",
                Map.of(),
                Map.of(),
                null);
    }

    private static double seconds(long nanos) {
        return nanos / 1e9;
    }

    private static SentryEvent masked(SentryEvent event) {
        Message message = event.getMessage();
        if (message != null) {
            message.setMessage(SecretMask.of(message.getMessage()));
            message.setFormatted(SecretMask.of(message.getFormatted()));
        }
        List<SentryException> exceptions = event.getExceptions();
        if (exceptions != null) {
            exceptions.forEach(exception -> exception.setValue(SecretMask.of(exception.getValue())));
        }
        event.setUser(null);
        return event;
    }

    /** Sends what waits, for a second at most. */
    @Override
    public void close() {
        if (client != null) {
            client.close();
        }
    }
}
