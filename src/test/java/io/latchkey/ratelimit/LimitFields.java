package io.latchkey.ratelimit;

import io.latchkey.Gateway.Answer;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Reads the limit headers as RFC 9651 lists of strings with integer parameters, and nothing else. */
final class LimitFields {
    private static final Pattern ITEM = Pattern.compile("\"([ !#-\\[\\]-~]*)\"((?:;[a-z]+=-?\\d{1,15})+)(?:, (?=.)|$)");

    private LimitFields() {}

    /** By policy, by parameter. */
    static Map<String, Map<String, Long>> parse(String field) {
        Map<String, Map<String, Long>> items = new LinkedHashMap<>();
        Matcher matcher = ITEM.matcher(field);
        int end = 0;
        while (end < field.length()) {
            if (!matcher.find(end) || matcher.start() != end) {
                throw new AssertionError("not a structured field: " + field);
            }
            Map<String, Long> parameters = new LinkedHashMap<>();
            for (String parameter : List.of(matcher.group(2).substring(1).split(";", -1))) {
                parameters.put(parameter.substring(0, 1), Long.parseLong(parameter.substring(2)));
            }
            items.put(matcher.group(1), parameters);
            end = matcher.end();
        }
        return items;
    }

    static long remaining(Answer answer, String policy) {
        return number(answer, policy, "r");
    }

    static long reset(Answer answer, String policy) {
        return number(answer, policy, "t");
    }

    private static long number(Answer answer, String policy, String parameter) {
        Map<String, Long> item = parse(answer.header("RateLimit")).getOrDefault(policy, Map.of());
        return item.getOrDefault(parameter, Long.MIN_VALUE);
    }
}
