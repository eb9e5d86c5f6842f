package io.latchkey.observability;

import io.latchkey.keys.NodeName;
import io.sentry.SentryClient;
import io.sentry.SentryEvent;
import io.sentry.SentryOptions;
import io.sentry.protocol.Message;
import io.sentry.protocol.SentryException;
import java.util.List;
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
