package io.latchkey.observability;

import io.latchkey.problems.Problems;
import io.latchkey.problems.Refused;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.HttpMethod;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.RequestLog;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.NanoTime;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.stereotype.Component;

/** Closes every trail: Jetty calls it exactly once per request, after the last byte or the failure to send it. */
@Component
final class AccessLog implements RequestLog {
    private static final Logger LOG = LoggerFactory.getLogger("access");
    private static final int MAX_PATH = 512;
    private static final int MAX_AGENT = 256;
    private static final int MAX_METHOD = 32;

    private final RequestMeters meters;
    private final Spans spans;

    AccessLog(RequestMeters meters, Spans spans) {
        this.meters = meters;
        this.spans = spans;
    }

    @Override
    public void log(Request request, Response response) {
        Trail trail = Trail.of(request);
        if (trail.entered()) {
            meters.left();
        }
        AccessRecord access = record(trail, request, response);
        meters.finished(access);
        LOG.info("{}", access);
        trail.over(access);
        if (trail.recorded()) {
            spans.end(trail, access, request.getBeginNanoTime());
        }
    }

    private static AccessRecord record(Trail trail, Request request, Response response) {
        Refused refused = request.getAttribute(Problems.ANSWERED) instanceof Refused answered ? answered : null;
        long written =
                trail.errorBytes() < 0 ? Math.max(0, Response.getContentBytesWritten(response)) : trail.errorBytes();
        // Jetty invents these two where it could not read a request line.
        boolean read = !("BAD".equals(request.getMethod())
                && "/badMessage".equals(request.getHttpURI().getPath()));
        return new AccessRecord(
                trail.correlationId(),
                trail.traceId(),
                trail.keyId(),
                trail.route(),
                read ? LogText.of(request.getMethod(), MAX_METHOD) : null,
                trail.pathTemplate(),
                read ? LogText.of(request.getHttpURI().getPath(), MAX_PATH) : null,
                response.getStatus(),
                Math.max(0, Request.getContentBytesRead(request)),
                written,
                NanoTime.since(request.getBeginNanoTime()),
                trail.upstreamNanos(),
                trail.cache(),
                refused == null ? null : refused.refusal().code(),
                trail.aborted() || cut(refused, response) || incomplete(request, response, written),
                client(request),
                LogText.of(request.getHeaders().get(HttpHeader.USER_AGENT), MAX_AGENT));
    }

    /** The refusal came too late to become the answer. */
    private static boolean cut(@Nullable Refused refused, Response response) {
        return refused != null && refused.refusal().status() != response.getStatus();
    }

    private static boolean incomplete(Request request, Response response, long written) {
        long announced = response.getHeaders().getLongField(HttpHeader.CONTENT_LENGTH);
        return announced > written && !HttpMethod.HEAD.is(request.getMethod()) && response.getStatus() != 304;
    }

    private static String client(Request request) {
        String address = Request.getRemoteAddr(request);
        return address == null ? "-" : address;
    }
}
