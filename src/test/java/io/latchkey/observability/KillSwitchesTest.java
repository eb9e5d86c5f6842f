package io.latchkey.observability;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.latchkey.Gateway;
import io.latchkey.Gateway.Answer;
import java.time.InstantSource;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.core.env.Environment;

/** What an operator turned off is off, and is seen to be off. */
class KillSwitchesTest {
    @Test
    void aSwitchThatIsOnShowsAndWorksAndDegradesNothing() {
        try (Gateway gateway = Gateway.start(
                "--DISABLE_COMPRESSION=true",
                // As an env file leaves it that names the variable only.
                "--DISABLE_CACHING=",
                "--latchkey.compression.min-size=0B")) {
            Answer health = gateway.admin("GET", "/health/detailed", "");
            assertThat(health.get("status")).isEqualTo("healthy");
            assertThat(health.get("killSwitches.DISABLE_COMPRESSION")).isEqualTo("true");
            for (String name : new String[] {"DISABLE_CACHING", "DISABLE_CIRCUIT_BREAKERS", "DISABLE_RATE_LIMITING"}) {
                assertThat(health.get("killSwitches." + name)).isEqualTo("false");
            }
            Answer plain = gateway.call(gateway.key("").token(), "Accept-Encoding", "gzip, br");
            assertThat(plain.status()).isEqualTo(200);
            assertThat(plain.header("Content-Encoding")).isEmpty();
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "DISABLE_CACHING=on",
                "DISABLE_COMPRESSION=TRUE",
                "DISABLE_CIRCUIT_BREAKERS=1",
                "DISABLE_RATE_LIMITING=yes"
            })
    void aValueThatNobodyMeantStopsTheStartByName(String setting) {
        assertThatThrownBy(() -> Gateway.start("--" + setting).close())
                .hasStackTraceContaining(setting.substring(0, setting.indexOf('=')) + " must be true or false");
    }

    @Test
    void breakersAndCacheAreShownAtTheTopWhereTheyExist() {
        Gateway gateway = Gateway.shared();
        Map<String, HealthIndicator> indicators = Map.of(
                "circuitBreakers",
                () -> Health.up().withDetail("states", Map.of("a", "CLOSED")).build(),
                "cacheHealthIndicator",
                () -> Health.up().withDetail("hitRate", 0.5).build());
        HealthController.Detailed detailed = Objects.requireNonNull(new HealthController(
                        indicators,
                        gateway.bean(RequestMeters.class),
                        gateway.bean(FrontDoorProperties.class),
                        gateway.bean(InstantSource.class),
                        gateway.bean(Environment.class))
                .detailed()
                .getBody());
        assertThat(detailed.circuitBreakers()).containsEntry("states", Map.of("a", "CLOSED"));
        assertThat(detailed.cache()).containsEntry("hitRate", 0.5);
        assertThat(gateway.admin("GET", "/health/detailed", "").json().propertyNames())
                .contains("killSwitches");
    }
}
