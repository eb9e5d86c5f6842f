package io.latchkey.observability;

import static org.assertj.core.api.Assertions.assertThat;

import io.latchkey.Gateway;
import io.latchkey.Gateway.Answer;
import java.time.Instant;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What load balancers, operators and the platform are told. */
class HealthTest {
    private final Gateway gateway = Gateway.shared();

    @ParameterizedTest
    @ValueSource(strings = {"/health", "/api/health"})
    void everybodyMayAskWhetherTheNodeIsHealthy(String path) {
        Answer health = gateway.send("GET", path, "");
        assertThat(health.status()).isEqualTo(200);
        assertThat(health.header("Content-Type")).startsWith("application/json");
        assertThat(health.json().propertyNames()).containsExactlyInAnyOrder("status", "timestamp", "checks");
        assertThat(health.get("status")).isEqualTo("healthy");
        assertThat(Instant.parse(health.get("timestamp"))).isNotNull();
        assertThat(health.get("checks.store")).isEqualTo("healthy");
        assertThat(health.json().at("/checks").propertyNames()).allMatch(name -> name.matches("[a-z][A-Za-z]{1,20}"));
        assertThat(health.header("X-Correlation-ID")).isNotEmpty();
    }

    @Test
    void aKeyThatIsSentAlongDoesNotMatter() {
        assertThat(gateway.send("GET", "/api/health", "", "X-API-Key", "not-a-key-here")
                        .status())
                .isEqualTo(200);
        assertThat(gateway.send("HEAD", "/api/health", "").status()).isEqualTo(200);
        assertThat(gateway.send("POST", "/api/health", "").status()).isEqualTo(405);
    }

    @Test
    void detailsAreForOperators() {
        Answer refused = gateway.send("GET", "/health/detailed", "");
        assertThat(refused.status()).isEqualTo(401);
        assertThat(refused.get("code")).isEqualTo("admin-token-missing");
        assertThat(gateway.adminAs(gateway.key("").token(), "GET", "/health/detailed", "")
                        .get("code"))
                .isEqualTo("admin-token-refused");

        Answer details = gateway.admin("GET", "/health/detailed", "");
        assertThat(details.status()).isEqualTo(200);
        assertThat(details.get("status")).isEqualTo("healthy");
        assertThat(details.get("checks.store.mode")).isEqualTo("embedded");
        assertThat(details.json().at("/memory/heapUsedBytes").asLong()).isPositive();
        assertThat(details.json().at("/memory/utilization").asDouble()).isBetween(0.0, 1.0);
        assertThat(details.json().at("/requests/inFlight").asLong()).isPositive();
        assertThat(details.body()).doesNotContain(Gateway.PEPPER, Gateway.ADMIN_TOKEN, "password");
    }

    @Test
    void viewerMaySeeTheDetails() {
        String viewer = gateway.admin("POST", "/admin/tokens", "{\"name\":\"v\",\"role\":\"viewer\"}")
                .get("token");
        assertThat(gateway.adminAs(viewer, "GET", "/health/detailed", "").status())
                .isEqualTo(200);
    }

    @ParameterizedTest
    @ValueSource(strings = {"/actuator/health", "/actuator/health/liveness", "/actuator/health/readiness"})
    void thePlatformIsToldOnItsOwnPortAndNoMoreThanTheStatus(String path) {
        Answer health = gateway.actuator(path);
        assertThat(health.status()).isEqualTo(200);
        assertThat(health.get("status")).isEqualTo("UP");
        assertThat(health.json().propertyNames()).isSubsetOf(Set.of("status", "groups"));
        assertThat(gateway.send("GET", path, "").status()).isEqualTo(404);
    }

    @ParameterizedTest
    @ValueSource(strings = {"/actuator/info", "/actuator/prometheus"})
    void infoAndMetricsAreThere(String path) {
        assertThat(gateway.actuator(path).status()).isEqualTo(200);
        assertThat(gateway.send("GET", path, "").status()).isEqualTo(404);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "env",
                "configprops",
                "heapdump",
                "threaddump",
                "loggers",
                "beans",
                "mappings",
                "conditions",
                "metrics",
                "shutdown",
                "scheduledtasks",
                "sbom",
                "caches",
                "httpexchanges",
                "health/store",
                "env/latchkey.pepper"
            })
    void noOtherEndpointIsThere(String name) {
        assertThat(gateway.actuator("/actuator/" + name).status()).isEqualTo(404);
        assertThat(gateway.send("GET", "/actuator/" + name, "").status()).isEqualTo(404);
    }
}
