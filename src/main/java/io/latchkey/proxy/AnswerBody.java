package io.latchkey.proxy;

import io.latchkey.wire.Answer;
import io.latchkey.wire.Body;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.io.OutputStream;

/** The upstream's body on its way through: each piece leaves before the next is waited for. */
final class AnswerBody {
    /** The container keeps no more than this back: larger pieces it writes through. */
    private static final int KEPT_BACK_BYTES = 8 * 1024;

    private AnswerBody() {}

    static void copy(Answer answer, Body body, HttpServletResponse response, Exchange exchange) throws IOException {
        if (body.isLast()) {
            if (answer.contentLength() < 0 || answer.status() == 204) {
                // Left to itself the container would say that the length is zero, which nobody claimed.
                exchange.toCaller(response::flushBuffer);
            }
            return;
        }
        announceTrailers(answer, body, response);
        if (!body.isMoreHere()) {
            exchange.toCaller(response::flushBuffer);
        }
        OutputStream to = response.getOutputStream();
        while (exchange.next(body)) {
            if (body.isLast()) {
                exchange.serverIsDone(answer);
            }
            boolean waits = !body.isLast() && !body.isMoreHere() && body.length() <= KEPT_BACK_BYTES;
            exchange.toCaller(() -> {
                to.write(body.bytes(), body.offset(), body.length());
                if (waits) {
                    to.flush();
                }
            });
        }
    }

    private static void announceTrailers(Answer answer, Body body, HttpServletResponse response) {
        if (!answer.isChunked() || response.isCommitted()) {
            return;
        }
        for (Answer.Field field : answer.fields()) {
            if (field.name().lower().equals("trailer")) {
                response.setHeader("Trailer", field.value());
                response.setTrailerFields(() -> Trailers.passable(body.trailers()));
                return;
            }
        }
    }
}
