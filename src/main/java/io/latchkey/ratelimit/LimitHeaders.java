package io.latchkey.ratelimit;

import jakarta.servlet.http.HttpServletResponse;
import java.time.Duration;

/** Tells callers their limits, as draft-ietf-httpapi-ratelimit-headers-11 writes them; shadow policies are not told. */
final class LimitHeaders {
    private final Policies policies;
    private final boolean legacy;
    private final String policy;

    LimitHeaders(Policies policies, boolean legacy) {
        this.policies = policies;
        this.legacy = legacy;
        policy = policyField(policies);
    }

    private static String policyField(Policies policies) {
        StringBuilder field = new StringBuilder();
        for (int i = 0; i < policies.enforced(); i++) {
            Policy policy = policies.get(i);
            next(field, policy).append(";q=").append(policy.quota());
            // A month has no length that could be told.
            if (!policy.window().isMonth()) {
                field.append(";w=").append(seconds(policy.window().length()));
            }
        }
        return field.toString();
    }

    /** What a caller may do at most. */
    void writePolicies(HttpServletResponse response) {
        response.addHeader("RateLimit-Policy", policy);
    }

    /** What is left of it. */
    void write(Verdict verdict, HttpServletResponse response) {
        long now = System.nanoTime();
        StringBuilder field = new StringBuilder(32 * policies.enforced());
        for (int i = 0; i < policies.enforced(); i++) {
            next(field, policies.get(i))
                    .append(";r=")
                    .append(verdict.remaining(i, policies.cost()))
                    .append(";t=")
                    .append(seconds(verdict.reset(i, now)));
        }
        response.addHeader("RateLimit", field.toString());
        if (legacy) {
            writeLegacy(verdict, now, response);
        }
    }

    /** One set of numbers: of the policy with the fewest calls left. */
    private void writeLegacy(Verdict verdict, long now, HttpServletResponse response) {
        int tightest = 0;
        for (int i = 1; i < policies.enforced(); i++) {
            if (verdict.remaining(i, policies.cost()) < verdict.remaining(tightest, policies.cost())) {
                tightest = i;
            }
        }
        response.setHeader(
                "X-RateLimit-Limit", Long.toString(policies.get(tightest).quota()));
        response.setHeader("X-RateLimit-Remaining", Long.toString(verdict.remaining(tightest, policies.cost())));
        response.setHeader("X-RateLimit-Reset", Long.toString(seconds(verdict.reset(tightest, now))));
    }

    /** Names hold nothing that would have to be escaped. */
    private static StringBuilder next(StringBuilder field, Policy policy) {
        return field.append(field.isEmpty() ? "\"" : ", \"")
                .append(policy.name())
                .append('"');
    }

    private static long seconds(Duration duration) {
        return duration.plusNanos(999_999_999).toSeconds();
    }
}
