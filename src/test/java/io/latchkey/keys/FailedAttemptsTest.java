package io.latchkey.keys;

import static org.assertj.core.api.Assertions.assertThat;

import io.latchkey.Gateway;
import io.latchkey.Gateway.Answer;
import io.latchkey.Gateway.Made;
import java.security.SecureRandom;
import java.time.Duration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Whoever guesses is soon not listened to any more, and takes nobody along who has a key. */
class FailedAttemptsTest {
    @SuppressWarnings("NullAway.Init")
    private static Gateway gateway;

    @BeforeAll
    static void start() {
        gateway = Gateway.frozen(
                "--latchkey.keys.failed-attempts-per-minute=5", "--latchkey.front-door.trusted-proxies=127.0.0.1");
    }

    @BeforeEach
    void aMinuteLater() {
        gateway.time().advance(Duration.ofMinutes(1));
    }

    @AfterAll
    static void stop() {
        gateway.close();
    }

    private static Answer call(String token, String address) {
        return gateway.call(token, "X-Forwarded-For", address);
    }

    private static String guess() {
        return Token.mint("live", "0UnknownId", new SecureRandom());
    }

    private static void exhaust(String address) {
        for (int i = 0; i < 5; i++) {
            assertThat(call(guess(), address).status()).isEqualTo(401);
        }
    }

    @Test
    void afterTooManyFailuresNothingIsLookedUpUntilTheMinuteIsOver() {
        exhaust("10.0.0.1");
        for (String token : new String[] {guess(), "lk_live_cut", "legacy-unknown"}) {
            Answer refused = call(token, "10.0.0.1");
            assertThat(refused.status()).isEqualTo(429);
            assertThat(refused.get("code")).isEqualTo("limit-exceeded");
            assertThat(refused.get("violatedPolicies.0")).isEqualTo("failed-attempts");
            assertThat(refused.header("Retry-After")).isEqualTo("60");
        }
        assertThat(call(guess(), "10.0.0.2").status()).isEqualTo(401);
        gateway.time().advance(Duration.ofSeconds(59));
        assertThat(call(guess(), "10.0.0.1").header("Retry-After")).isEqualTo("1");
        gateway.time().advance(Duration.ofSeconds(1));
        assertThat(call(guess(), "10.0.0.1").status()).isEqualTo(401);
    }

    @Test
    void keyThatWorksGoesOnWorkingBehindTheSameAddress() {
        Made key = gateway.key("");
        assertThat(call(key.token(), "10.0.1.1").status()).isEqualTo(200);
        exhaust("10.0.1.1");
        assertThat(call(guess(), "10.0.1.1").status()).isEqualTo(429);
        assertThat(call(key.token(), "10.0.1.1").status()).isEqualTo(200);
    }

    @Test
    void hostWithAWholeIpv6NetworkIsOneCaller() {
        for (int i = 0; i < 5; i++) {
            assertThat(call(guess(), "2001:db8:0:1::" + i).status()).isEqualTo(401);
        }
        assertThat(call(guess(), "2001:db8:0:1:ffff::1").status()).isEqualTo(429);
        assertThat(call(guess(), "2001:db8:0:2::1").status()).isEqualTo(401);
    }

    @Test
    void refusalOfAnOldSecretIsNoGuess() {
        Made key = gateway.key("");
        gateway.admin("POST", "/admin/keys/" + key.id() + "/disable", "");
        for (int i = 0; i < 20; i++) {
            assertThat(call(key.token(), "10.0.2.1").get("code")).isEqualTo("key-disabled");
        }
        assertThat(call(guess(), "10.0.2.1").status()).isEqualTo(401);
    }

    @Test
    void guessesOfAnAdminTokenCountToo() {
        for (int i = 0; i < 5; i++) {
            Answer refused =
                    gateway.adminAs("guess-guess-" + i, "GET", "/admin/keys", "", "X-Forwarded-For", "10.0.3.1");
            assertThat(refused.status()).isEqualTo(401);
        }
        assertThat(gateway.adminAs("guess-guess", "GET", "/admin/keys", "", "X-Forwarded-For", "10.0.3.1")
                        .status())
                .isEqualTo(429);
        assertThat(call(guess(), "10.0.3.1").status()).isEqualTo(429);
        assertThat(gateway.admin("GET", "/admin/keys", "", "X-Forwarded-For", "10.0.3.1")
                        .status())
                .isEqualTo(200);
    }
}
