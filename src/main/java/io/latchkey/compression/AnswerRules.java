package io.latchkey.compression;

import jakarta.servlet.http.HttpServletResponse;
import java.util.Collection;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** What the head of an answer says about compressing it, and what compressing it changes in the head. */
final class AnswerRules {
    private static final String VARY = "Vary";

    /** They vouch for these very bytes. */
    private static final String[] DIGESTS = {"Content-Digest", "Repr-Digest", "Digest", "Content-MD5"};

    private AnswerRules() {}

    /** Whether compressing it would be worth it. */
    static boolean concern(HttpServletResponse answer, long minSize) {
        int status = answer.getStatus();
        boolean whole = status >= 200 && status != 204 && status != 205 && status != 206 && status != 304;
        return whole
                && TextTypes.cover(answer.getHeader("Content-Type"))
                && isLarge(answer.getHeader("Content-Length"), minSize)
                && !answer.containsHeader("Content-Encoding");
    }

    /** Whether nobody may. */
    static boolean forbid(HttpServletResponse answer) {
        return answer.containsHeader("Content-Range") || isFinal(answer) || hasDigest(answer);
    }

    private static boolean isLarge(@Nullable String length, long minSize) {
        return length == null || Long.parseLong(length) >= minSize;
    }

    private static boolean isFinal(HttpServletResponse answer) {
        for (String value : answer.getHeaders("Cache-Control")) {
            if (value.toLowerCase(Locale.ROOT).contains("no-transform")) {
                return true;
            }
        }
        return false;
    }

    private static boolean hasDigest(HttpServletResponse answer) {
        for (String name : DIGESTS) {
            if (answer.containsHeader(name)) {
                return true;
            }
        }
        return false;
    }

    /** For caches on the way: the same request with another {@code Accept-Encoding} gets another answer. */
    static void vary(HttpServletResponse answer) {
        Collection<String> values = answer.getHeaders(VARY);
        String all = String.join(", ", values);
        String lower = all.toLowerCase(Locale.ROOT);
        if (lower.contains("accept-encoding") || lower.contains("*")) {
            return;
        }
        answer.setHeader(VARY, all.isEmpty() ? "Accept-Encoding" : all + ", Accept-Encoding");
    }

    /** The head of the same answer in another coding; its ranges would count other bytes. */
    static void encoded(HttpServletResponse answer, Coding coding) {
        answer.setHeader("Content-Encoding", coding.token());
        answer.setContentLengthLong(-1);
        // The container takes this for a removal.
        answer.setHeader("Accept-Ranges", null);
        weaken(answer);
    }

    /** Equal in meaning is all that is left of a promise of equal bytes. */
    static void weaken(HttpServletResponse answer) {
        String tag = answer.getHeader("ETag");
        if (tag != null && tag.startsWith("\"")) {
            answer.setHeader("ETag", "W/" + tag);
        }
    }
}
