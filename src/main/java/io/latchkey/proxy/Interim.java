package io.latchkey.proxy;

import io.latchkey.wire.Answer;
import jakarta.servlet.http.HttpServletRequest;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import org.eclipse.jetty.ee11.servlet.ServletContextRequest;
import org.eclipse.jetty.http.HttpFields;

/** An answer before the final one, such as 103 with links to load early. */
final class Interim {
    private Interim() {}

    /** Callers of HTTP/1.0 do not know such answers. */
    static void pass(Answer head, HttpServletRequest request) throws IOException {
        if (!request.getProtocol().equals("HTTP/1.1")) {
            return;
        }
        HttpFields.Mutable fields = HttpFields.build();
        Set<String> hop = HopHeaders.named(head.connectionOptions());
        for (Answer.Field field : head.fields()) {
            String lower = field.name().lower();
            boolean framing = lower.equals("content-length") || HopHeaders.contains(lower) || hop.contains(lower);
            if (!framing && !AnswerHead.isOurs(lower)) {
                fields.add(field.name().text(), field.value());
            }
        }
        try {
            // The servlet API has no word for it.
            ServletContextRequest.getServletContextRequest(request)
                    .getServletContextResponse()
                    .writeInterim(head.status(), fields)
                    .get();
        } catch (ExecutionException e) {
            throw new IOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException();
        }
    }
}
