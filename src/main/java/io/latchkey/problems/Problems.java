package io.latchkey.problems;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import org.eclipse.jetty.ee11.servlet.ServletContextRequest;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;
import tools.jackson.databind.json.JsonMapper;

/** The only writer of errors: RFC 9457 problem JSON, the same from every layer. */
@Component
public class Problems {
    /** Request attribute with the correlation id; set before anything can be refused. */
    public static final String REQUEST_ID = "latchkey.requestId";

    /** Request attribute with the {@link Refused} that was answered; the access log and the meters read it. */
    public static final String ANSWERED = "latchkey.refused";

    public static final String MEDIA_TYPE = "application/problem+json";

    /** What an answer that was begun and given up said of its own body. */
    private static final String[] OF_ANOTHER_BODY = {
        "Content-Encoding",
        "Content-Language",
        "Content-Disposition",
        "Content-Range",
        "Content-Digest",
        "Repr-Digest",
        "Accept-Ranges",
        "ETag",
        "Last-Modified",
        "Trailer"
    };

    private final JsonMapper json;

    Problems(JsonMapper json) {
        this.json = json;
    }

    /** Answers with the problem, or cuts the connection when the answer has already begun. */
    public void answer(HttpServletRequest request, HttpServletResponse response, Refused refused) throws IOException {
        request.setAttribute(ANSWERED, refused);
        if (response.isCommitted()) {
            cut(response);
            return;
        }
        // Of a body that is still on its way nobody would know the end: then the answer says that the connection
        // closes.
        boolean unused = ServletContextRequest.getServletContextRequest(request).consumeAvailable();
        response.resetBuffer();
        for (String name : OF_ANOTHER_BODY) {
            // The container takes this for a removal.
            response.setHeader(name, null);
        }
        response.setStatus(refused.refusal().status());
        refused.headers().forEach(response::setHeader);
        if (refused.refusal().status() == HttpServletResponse.SC_UNAUTHORIZED) {
            response.setHeader("WWW-Authenticate", "Bearer realm=\"latchkey\"");
        }
        response.setHeader("Cache-Control", "no-store");
        response.setContentType(MEDIA_TYPE);
        byte[] body = body(refused, (String) request.getAttribute(REQUEST_ID), request.getRequestURI());
        response.setContentLength(body.length);
        response.getOutputStream().write(body);
    }

    /** The problem as bytes, for what is refused before there is a servlet request. */
    public byte[] body(Refused refused, @Nullable String requestId, @Nullable String instance) {
        Refusal refusal = refused.refusal();
        Map<String, Object> body = new LinkedHashMap<>();
        body.put("type", "/problems/" + refusal.code());
        body.put("title", refusal.title());
        body.put("status", refusal.status());
        body.put("detail", refused.detail());
        if (instance != null) {
            body.put("instance", instance);
        }
        body.put("code", refusal.code());
        body.put("blame", refusal.blame().wireName());
        body.put("retryable", refusal.retryable());
        if (requestId != null) {
            body.put("requestId", requestId);
        }
        body.putAll(refused.members());
        return json.writeValueAsBytes(body);
    }

    private static void cut(HttpServletResponse response) throws IOException {
        response.sendError(-1);
    }
}
