package io.latchkey.proxy;

import io.latchkey.wire.Answer;
import jakarta.servlet.http.HttpServletResponse;
import java.util.List;
import java.util.Set;

/** The head of the upstream's answer on its way to the caller. */
final class AnswerHead {
    /** Lists to which the gateway may have added its own part: what a caller with an old secret is told. */
    private static final Set<String> SHARED = Set.of("access-control-expose-headers", "link");

    private AnswerHead() {}

    /** Replaces what was set earlier under the same name; correlation, key and limit headers stay the gateway's. */
    static void copy(Answer answer, HttpServletResponse response) {
        response.setStatus(answer.status());
        Set<String> hop = HopHeaders.named(answer.connectionOptions());
        List<Answer.Field> fields = answer.fields();
        Boolean limitsTold = null;
        for (int i = 0; i < fields.size(); i++) {
            Answer.Field field = fields.get(i);
            String lower = field.name().lower();
            if (HopHeaders.contains(lower) || hop.contains(lower) || isOurs(lower)) {
                continue;
            }
            if (lower.startsWith("x-ratelimit-")) {
                // The upstream's may be told, but not half of them among the gateway's.
                limitsTold = limitsTold == null ? (Boolean) response.containsHeader("X-RateLimit-Limit") : limitsTold;
                if (limitsTold) {
                    continue;
                }
            }
            if (lower.equals("content-length")) {
                if (answer.status() != 204) {
                    response.setContentLengthLong(answer.contentLength());
                }
            } else if (SHARED.contains(lower) || isRepeated(fields, i)) {
                response.addHeader(field.name().text(), field.value());
            } else {
                response.setHeader(field.name().text(), field.value());
            }
        }
    }

    private static boolean isRepeated(List<Answer.Field> fields, int index) {
        String lower = fields.get(index).name().lower();
        for (int i = 0; i < index; i++) {
            if (fields.get(i).name().lower().equals(lower)) {
                return true;
            }
        }
        return false;
    }

    static boolean isOurs(String lower) {
        return lower.equals("x-correlation-id") || lower.startsWith("api-key-") || lower.startsWith("ratelimit");
    }
}
