package io.latchkey.proxy;

import jakarta.servlet.http.HttpServletResponse;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Enumeration;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.apache.hc.core5.http.Header;

/** The head of the upstream's answer: checked as a whole, then handed on. */
final class AnswerHead {
    private static final String TOKEN_SYMBOLS = "!#$%&'*+-.^_`|~";

    /** Lists to which the gateway may have added its own part: what a caller with an old secret is told. */
    private static final Set<String> SHARED = Set.of("access-control-expose-headers", "link");

    private AnswerHead() {}

    /** Refused before anything of it reaches the caller: an answer whose end or meaning is disputable. */
    static void check(Answer answer) {
        boolean sound = answer.getCode() != 101
                && answer.countHeaders("Content-Length") <= 1
                && answer.countHeaders("Transfer-Encoding") <= 1
                && !(answer.containsHeader("Content-Length") && answer.containsHeader("Transfer-Encoding"));
        for (Header header : answer.getHeaders()) {
            sound &= isToken(header.getName()) && isText(header.getValue());
        }
        Header length = answer.getFirstHeader("Content-Length");
        sound &= length == null || isNumber(length.getValue());
        if (!sound) {
            throw Failures.badAnswer(null);
        }
    }

    /** Replaces what was set earlier under the same name; correlation, key and limit headers stay the gateway's. */
    static void copy(Answer answer, HttpServletResponse response) {
        response.setStatus(answer.getCode());
        Set<String> hop = HopHeaders.named(connectionValues(answer));
        Set<String> seen = new HashSet<>();
        for (Header header : answer.getHeaders()) {
            String lower = header.getName().toLowerCase(Locale.ROOT);
            if (HopHeaders.contains(lower) || hop.contains(lower) || isOurs(lower)) {
                continue;
            }
            if (lower.equals("content-length")) {
                if (answer.getCode() != 204) {
                    response.setContentLengthLong(Long.parseLong(header.getValue()));
                }
            } else if (!SHARED.contains(lower) && seen.add(lower)) {
                response.setHeader(header.getName(), header.getValue());
            } else {
                response.addHeader(header.getName(), header.getValue());
            }
        }
    }

    private static boolean isOurs(String lower) {
        return lower.equals("x-correlation-id") || lower.startsWith("api-key-") || lower.startsWith("ratelimit");
    }

    private static Enumeration<String> connectionValues(Answer answer) {
        List<String> values = new ArrayList<>();
        for (Header header : answer.getHeaders("Connection")) {
            values.add(header.getValue());
        }
        return Collections.enumeration(values);
    }

    private static boolean isToken(String name) {
        for (int i = 0; i < name.length(); i++) {
            char c = name.charAt(i);
            boolean alphanumeric = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
            if (!alphanumeric && TOKEN_SYMBOLS.indexOf(c) < 0) {
                return false;
            }
        }
        return !name.isEmpty();
    }

    private static boolean isText(String value) {
        for (int i = 0; i < value.length(); i++) {
            char c = value.charAt(i);
            if ((c < ' ' && c != '\t') || c == 0x7f) {
                return false;
            }
        }
        return true;
    }

    private static boolean isNumber(String value) {
        return !value.isEmpty() && value.length() <= 18 && value.chars().allMatch(c -> c >= '0' && c <= '9');
    }
}
