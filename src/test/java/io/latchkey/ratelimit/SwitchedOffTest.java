package io.latchkey.ratelimit;

import static org.assertj.core.api.Assertions.assertThat;

import io.latchkey.Gateway;
import io.latchkey.Gateway.Answer;
import io.latchkey.Gateway.Made;
import java.util.Collections;
import org.junit.jupiter.api.Test;

/** What the settings change for all limits. */
class SwitchedOffTest {
    @Test
    void switchedOffNothingIsLimitedCountedOrTold() throws Exception {
        try (Backend backend = new Backend();
                Gateway gateway = Gateway.start(
                        "--DISABLE_RATE_LIMITING=true",
                        backend.routes("one: concurrency: 1, limits: [ { name: burst, quota: 1, window: PT1H } ]"))) {
            Made key = gateway.key("\"concurrency\":1");
            assertThat(Collections.frequency(Backend.parallel(20, "/api/one/x", key.token(), gateway), 204))
                    .isEqualTo(20);
            Answer answer = Backend.call(gateway, "/api/one/x", key.token());
            assertThat(answer.headers().map()).doesNotContainKeys("ratelimit", "ratelimit-policy");
        }
    }

    @Test
    void olderClientsGetTheHeadersTheyKnow() {
        try (Backend backend = new Backend();
                Gateway gateway = Gateway.start(
                        "--latchkey.rate-limiting.legacy-headers=true",
                        "--latchkey.rate-limiting.default-quota=50",
                        "--DISABLE_RATE_LIMITING=",
                        backend.routes("one: "))) {
            Answer answer = Backend.call(gateway, "/api/one/x", gateway.key("").token());
            // In place of the upstream's, and not among them.
            assertThat(answer.headers().allValues("X-RateLimit-Limit")).containsExactly("50");
            assertThat(answer.headers().map()).doesNotContainKey("x-ratelimit-used");
            assertThat(answer.header("X-RateLimit-Remaining")).isEqualTo("49");
            assertThat(answer.header("X-RateLimit-Reset")).isEqualTo("60");
        }
    }
}
