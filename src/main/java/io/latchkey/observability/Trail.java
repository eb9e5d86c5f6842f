package io.latchkey.observability;

import io.latchkey.keys.Caller;
import io.latchkey.observability.CallerConnector.CallerEndPoint;
import io.latchkey.problems.Problems;
import io.latchkey.routes.RouteMatch;
import jakarta.servlet.http.HttpServletRequest;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.server.Request;
import org.jspecify.annotations.Nullable;

/** What is known about one request while it walks through the house; its end makes the log line and the meters. */
public final class Trail {
    static final String CORRELATION_HEADER = "X-Correlation-ID";

    /** Under which a log line about a request carries its trail; it is not printed. */
    static final String KEY = "trail";

    private static final String ATTRIBUTE = "latchkey.trail";
    private static final Pattern CORRELATION_ID = Pattern.compile("[A-Za-z0-9._-]{1,64}");

    private final String correlationId;
    private volatile TraceContext trace;
    private final EndPoint connection;
    private volatile @Nullable String route;
    private volatile @Nullable String pathTemplate;
    private volatile @Nullable String keyId;
    private volatile @Nullable String cache;
    private volatile long upstreamNanos = -1;
    private volatile long errorBytes = -1;
    private volatile boolean recorded;
    private volatile long callBegan;
    private volatile long callEnded;
    private volatile boolean entered;
    private volatile boolean aborted;
    private volatile @Nullable Ending ending;

    private Trail(String correlationId, TraceContext trace, EndPoint connection) {
        this.connection = connection;
        this.correlationId = correlationId;
        this.trace = trace;
    }

    /** The trail that {@link TrailFilter} opened for the request. */
    public static Trail of(HttpServletRequest request) {
        if (request.getAttribute(ATTRIBUTE) instanceof Trail trail) {
            return trail;
        }
        throw new IllegalStateException("The request did not pass the TrailFilter");
    }

    /** The request's trail; opened with the headers, as far as they were read, if nobody did before. */
    static Trail of(Request request) {
        if (request.getAttribute(ATTRIBUTE) instanceof Trail trail) {
            return trail;
        }
        HttpFields headers = request.getHeaders();
        TraceContext trace =
                TraceContext.of(Fields.values(headers, "traceparent"), Fields.values(headers, "tracestate"));
        List<String> ids = Fields.values(headers, CORRELATION_HEADER);
        boolean valid =
                ids.size() == 1 && CORRELATION_ID.matcher(ids.getFirst()).matches();
        Trail trail = new Trail(
                valid ? ids.getFirst() : trace.traceId(),
                trace,
                request.getConnectionMetaData().getConnection().getEndPoint());
        request.setAttribute(ATTRIBUTE, trail);
        request.setAttribute(Problems.REQUEST_ID, trail.correlationId);
        return trail;
    }

    public String correlationId() {
        return correlationId;
    }

    public String traceId() {
        return trace.traceId();
    }

    /**
     * The headers that the upstream must get in place of whatever the caller sent under {@code X-Correlation-ID},
     * {@code traceparent} and {@code tracestate}, and {@code more}.
     */
    public Map<String, String> outgoing(Map<String, String> more) {
        if (recorded) {
            callBegan = System.nanoTime();
            callEnded = 0;
        }
        Map<String, String> headers = new LinkedHashMap<>();
        headers.put(CORRELATION_HEADER, correlationId);
        headers.put("traceparent", trace.traceparent());
        if (!trace.state().isEmpty()) {
            headers.put("tracestate", trace.state());
        }
        headers.putAll(more);
        return headers;
    }

    /** Whether the caller has closed its connection, as far as that can be told. */
    public boolean callerIsGone() {
        return connection instanceof CallerEndPoint caller && caller.isGone();
    }

    /** The configured route, never anything the caller chose: it becomes a label. */
    public RouteMatch note(RouteMatch match) {
        this.route = match.label();
        this.pathTemplate = match.template();
        return match;
    }

    public Caller note(Caller caller) {
        this.keyId = caller.keyId();
        return caller;
    }

    /** The time that went by until the head of the upstream's answer was there. */
    public void noteUpstream(long nanos) {
        this.upstreamNanos = nanos;
        if (recorded) {
            callEnded = System.nanoTime();
        }
    }

    /** Where the answer came from, in one word of a closed set; null on a route without a cache. */
    public void noteCache(@Nullable String word) {
        this.cache = word;
    }

    /** Who is told when the outcome is known. */
    public interface Ending {
        /** {@code cache} says in one word where the answer came from; null on a route without a cache. */
        void over(int status, long requestBytes, long responseBytes, @Nullable String cache);
    }

    public void whenOver(Ending ending) {
        this.ending = ending;
    }

    void over(AccessRecord access) {
        if (ending != null) {
            ending.over(access.status(), access.requestBytes(), access.responseBytes(), access.cache());
        }
    }

    /** Jetty counts the bytes of its own error answers apart from the response that it hands to the log. */
    void noteErrorBytes(long bytes) {
        this.errorBytes = bytes;
    }

    /** The answer had begun and could not be completed. */
    void noteAborted() {
        this.aborted = true;
    }

    TraceContext trace() {
        return trace;
    }

    /** From now on the times are kept that spans need. */
    void record(TraceContext context) {
        this.trace = context;
        this.recorded = true;
    }

    boolean recorded() {
        return recorded;
    }

    /** By {@link System#nanoTime}; 0 before the upstream is asked, or where nothing is recorded. */
    long callBegan() {
        return callBegan;
    }

    /** By {@link System#nanoTime}; 0 until the upstream's answer was passed on whole. */
    long callEnded() {
        return callEnded;
    }

    void enter() {
        this.entered = true;
    }

    boolean entered() {
        return entered;
    }

    boolean aborted() {
        return aborted;
    }

    @Nullable
    String route() {
        return route;
    }

    @Nullable
    String pathTemplate() {
        return pathTemplate;
    }

    @Nullable
    String keyId() {
        return keyId;
    }

    /** Null on a route without a cache. */
    @Nullable
    String cache() {
        return cache;
    }

    /** Negative when no upstream was asked. */
    long upstreamNanos() {
        return upstreamNanos;
    }

    /** Negative when the answer was an ordinary one. */
    long errorBytes() {
        return errorBytes;
    }
}
