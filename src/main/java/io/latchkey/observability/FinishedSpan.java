package io.latchkey.observability;

import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.common.AttributesBuilder;
import io.opentelemetry.api.trace.SpanContext;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.api.trace.TraceFlags;
import io.opentelemetry.api.trace.TraceState;
import io.opentelemetry.sdk.common.InstrumentationLibraryInfo;
import io.opentelemetry.sdk.common.InstrumentationScopeInfo;
import io.opentelemetry.sdk.resources.Resource;
import io.opentelemetry.sdk.trace.data.EventData;
import io.opentelemetry.sdk.trace.data.LinkData;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.opentelemetry.sdk.trace.data.StatusData;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A span with the ids that others were told; the SDK's own spans would make theirs. Its components are the getters. */
record FinishedSpan(
        String getName,
        SpanKind getKind,
        SpanContext getSpanContext,
        SpanContext getParentSpanContext,
        StatusData getStatus,
        long getStartEpochNanos,
        long getEndEpochNanos,
        Attributes getAttributes,
        Resource getResource)
        implements SpanData {
    private static final InstrumentationScopeInfo SCOPE = InstrumentationScopeInfo.create("latchkey");

    static FinishedSpan server(RequestTrace trace, Resource resource) {
        String parentId = trace.context().parentId();
        AttributesBuilder attributes = Attributes.builder()
                .put("http.request.method", trace.method())
                .put("http.response.status_code", trace.access().status())
                .put("latchkey.correlation_id", trace.access().correlationId());
        put(attributes, "http.route", trace.access().pathTemplate());
        put(attributes, "latchkey.route", trace.access().route());
        put(attributes, "latchkey.key_id", trace.access().keyId());
        put(attributes, "error.type", trace.error());
        return new FinishedSpan(
                trace.name(),
                SpanKind.SERVER,
                context(trace, trace.spanId()),
                parentId == null
                        ? SpanContext.getInvalid()
                        : SpanContext.createFromRemoteParent(
                                trace.context().traceId(), parentId, TraceFlags.getSampled(), TraceState.getDefault()),
                status(trace.error()),
                trace.began(),
                trace.ended(),
                attributes.build(),
                resource);
    }

    static FinishedSpan client(RequestTrace trace, Resource resource) {
        AttributesBuilder attributes = Attributes.builder().put("http.request.method", trace.method());
        put(attributes, "latchkey.route", trace.access().route());
        put(attributes, "error.type", trace.callError());
        Long status = trace.callStatus();
        if (status != null) {
            attributes.put("http.response.status_code", status);
        }
        return new FinishedSpan(
                trace.method(),
                SpanKind.CLIENT,
                context(trace, trace.context().spanId()),
                context(trace, trace.spanId()),
                status(trace.callError()),
                trace.callBegan(),
                trace.callEnded(),
                attributes.build(),
                resource);
    }

    private static SpanContext context(RequestTrace trace, String spanId) {
        return SpanContext.create(trace.context().traceId(), spanId, TraceFlags.getSampled(), TraceState.getDefault());
    }

    private static StatusData status(@Nullable String error) {
        return error == null ? StatusData.unset() : StatusData.create(StatusCode.ERROR, error);
    }

    private static void put(AttributesBuilder attributes, String name, @Nullable String value) {
        if (value != null) {
            attributes.put(name, value);
        }
    }

    @Override
    public List<EventData> getEvents() {
        return List.of();
    }

    @Override
    public List<LinkData> getLinks() {
        return List.of();
    }

    @Override
    public boolean hasEnded() {
        return true;
    }

    @Override
    public int getTotalRecordedEvents() {
        return 0;
    }

    @Override
    public int getTotalRecordedLinks() {
        return 0;
    }

    @Override
    public int getTotalAttributeCount() {
        return getAttributes.size();
    }

    @Override
    public InstrumentationScopeInfo getInstrumentationScopeInfo() {
        return SCOPE;
    }

    @Override
    @Deprecated
    public InstrumentationLibraryInfo getInstrumentationLibraryInfo() {
        return InstrumentationLibraryInfo.create(SCOPE.getName(), null);
    }
}
