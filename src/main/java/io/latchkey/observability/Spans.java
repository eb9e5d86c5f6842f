package io.latchkey.observability;

import io.latchkey.keys.NodeName;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.sdk.resources.Resource;
import java.time.InstantSource;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.info.BuildProperties;
import org.springframework.stereotype.Component;

/** Which requests are recorded for a trace, and who gets it; none and nobody, unless it is configured. */
@Component
final class Spans implements AutoCloseable {
    private final @Nullable SpanExport export;
    private final double part;
    private final double partForSentry;
    private final boolean wanted;
    private final SentryLink sentry;
    private final InstantSource time;

    Spans(
            TracingProperties properties,
            SentryProperties sentryProperties,
            SentryLink sentry,
            NodeName node,
            ObjectProvider<BuildProperties> build,
            InstantSource time,
            RequestMeters meters) {
        export = properties.isOn() ? new SpanExport(properties, resource(node, build.getIfAvailable()), meters) : null;
        part = properties.sampleRate();
        partForSentry = sentry.isOpen() ? sentryProperties.tracesSampleRate() : 0;
        wanted = export != null || partForSentry > 0;
        this.sentry = sentry;
        this.time = time;
    }

    private static Resource resource(NodeName node, @Nullable BuildProperties build) {
        return Resource.create(Attributes.builder()
                .put("service.name", "latchkey")
                .put("service.version", build == null ? "unknown" : String.valueOf(build.getVersion()))
                .put("service.instance.id", node.toString())
                .build());
    }

    void begin(Trail trail) {
        if (!wanted) {
            return;
        }
        TraceContext context = trail.trace();
        // Whether a trace is recorded is said by whoever begins it.
        if (export != null && context.parentId() == null && context.isAmong(part)) {
            context = context.asSampled();
        }
        if ((export != null && context.sampled()) || context.isAmong(partForSentry)) {
            trail.record(context);
        }
    }

    void end(Trail trail, AccessRecord access, long beganNanos) {
        if (access.path() == null || !access.path().startsWith("/api/")) {
            return;
        }
        RequestTrace trace = RequestTrace.of(trail, access, beganNanos, time.instant());
        if (export != null && trace.context().sampled()) {
            export.offer(trace);
        }
        if (trace.context().isAmong(partForSentry)) {
            sentry.tell(trace);
        }
    }

    @Override
    public void close() {
        if (export != null) {
            export.close();
        }
    }
}
