package io.latchkey.observability;

import static org.eclipse.jetty.http.HttpCompliance.Violation.HTTP_0_9;

import io.latchkey.problems.Problems;
import io.latchkey.problems.Refusal;
import io.latchkey.problems.Refused;
import java.nio.ByteBuffer;
import java.util.regex.Pattern;
import org.eclipse.jetty.http.HttpException;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.server.handler.ErrorHandler;
import org.eclipse.jetty.util.Callback;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.stereotype.Component;

/** The one error hook: what Jetty or Spring MVC refuses on its own gets the same problem as everything else. */
@Component
final class ContainerErrors implements Request.Handler {
    private static final Logger LOG = LoggerFactory.getLogger(ContainerErrors.class);

    // Jetty's reasons are for people ("No Host"); anything that could be a class name or an echo is left out.
    private static final Pattern REASON = Pattern.compile("[A-Z][A-Za-z0-9 ,'/-]{2,79}");

    private static final byte[] NOTHING = {};

    private final Problems problems;
    private final RequestMeters meters;

    ContainerErrors(Problems problems, RequestMeters meters) {
        this.problems = problems;
        this.meters = meters;
    }

    @Override
    public boolean handle(Request request, Response response, Callback callback) {
        Trail trail = Trail.of(request);
        Throwable cause =
                request.getAttribute(ErrorHandler.ERROR_EXCEPTION) instanceof Throwable thrown ? thrown : null;
        Refusal refusal = refusal(cause, response.getStatus());
        if (refusal == Refusal.GATEWAY_FAULT) {
            LOG.atError()
                    .addKeyValue(Trail.KEY, trail)
                    .setCause(cause)
                    .log("The gateway failed outside its filters, correlation id {}", trail.correlationId());
            meters.fault();
        }
        Refused refused = new Refused(refusal, detail(refusal, cause));
        request.setAttribute(Problems.ANSWERED, refused);

        response.setStatus(refusal.status());
        HttpFields.Mutable headers = response.getHeaders();
        AnswerHeaders.put(trail, headers);
        headers.put(HttpHeader.CACHE_CONTROL, "no-store");
        headers.put(HttpHeader.CONTENT_TYPE, Problems.MEDIA_TYPE);
        if (!trail.entered()) {
            // Whoever sent this may mean something else by what follows it on the connection.
            headers.put(HttpHeader.CONNECTION, "close");
        }
        byte[] body = simple(cause) ? NOTHING : problems.body(refused, trail.correlationId(), instance(request));
        trail.noteErrorBytes(body.length);
        response.write(true, ByteBuffer.wrap(body), callback);
        return true;
    }

    private static Refusal refusal(@Nullable Throwable cause, int answered) {
        if (simple(cause)) {
            return Refusal.VERSION_NOT_SUPPORTED;
        }
        int status = cause instanceof HttpException http ? http.getCode() : answered;
        // 426 is Jetty's answer to the HTTP/2 preface, which this door does not speak.
        return status == 426 ? Refusal.NOT_IMPLEMENTED : Refusal.ofStatus(status);
    }

    /** HTTP/0.9 knows no header: a client of that age would take ours, and any body, for the resource. */
    private static boolean simple(@Nullable Throwable cause) {
        return cause instanceof HttpException http && HTTP_0_9.getDescription().equals(http.getReason());
    }

    private static String detail(Refusal refusal, @Nullable Throwable cause) {
        if (cause instanceof HttpException http
                && http.getReason() != null
                && REASON.matcher(http.getReason()).matches()) {
            return http.getReason() + ".";
        }
        return refusal.meaning();
    }

    private static @Nullable String instance(Request request) {
        return request.getHttpURI().hasViolations() || "BAD".equals(request.getMethod())
                ? null
                : request.getHttpURI().getPath();
    }
}
