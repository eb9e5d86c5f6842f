package io.latchkey.observability;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryUsage;
import java.time.Instant;
import java.time.InstantSource;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.boot.health.contributor.Status;
import org.springframework.core.env.Environment;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;

/** Health for load balancers and people; each capability says its own part. */
@RestController
class HealthController {
    private final Map<String, HealthIndicator> indicators;
    private final RequestMeters meters;
    private final FrontDoorProperties frontDoor;
    private final InstantSource time;
    private final Environment environment;

    HealthController(
            Map<String, HealthIndicator> indicators,
            RequestMeters meters,
            FrontDoorProperties frontDoor,
            InstantSource time,
            Environment environment) {
        this.indicators = new LinkedHashMap<>();
        // As the actuator names them: what is a bean is no caller's business.
        indicators.forEach((bean, indicator) ->
                this.indicators.put(bean.replaceFirst("Health(Indicator|Contributor)$", ""), indicator));
        this.meters = meters;
        this.frontDoor = frontDoor;
        this.time = time;
        this.environment = environment;
    }

    /** What everybody may see. */
    record Summary(String status, Instant timestamp, Map<String, String> checks) {}

    /** What operators see besides; a capability that is not there says nothing. */
    @JsonInclude(JsonInclude.Include.NON_NULL)
    record Detailed(
            String status,
            Instant timestamp,
            Map<String, Boolean> killSwitches,
            Map<String, Object> checks,
            @Nullable Map<String, Object> circuitBreakers,
            @Nullable Map<String, Object> cache,
            Map<String, Object> requests,
            Map<String, Object> memory) {}

    /** Tells whether the gateway serves, and what is degraded. */
    @GetMapping({"/health", "/api/health"})
    ResponseEntity<Summary> health() {
        Map<String, String> checks = new LinkedHashMap<>();
        healths().forEach((name, health) -> checks.put(name, word(health.getStatus())));
        return answer(new Summary(worst(), time.instant(), checks), worst());
    }

    /** Tells operators the state of every part. */
    @GetMapping("/health/detailed")
    ResponseEntity<Detailed> detailed() {
        Map<String, Object> checks = new LinkedHashMap<>();
        Map<String, Health> healths = healths();
        healths.forEach((name, health) -> {
            Map<String, Object> check = new LinkedHashMap<>(health.getDetails());
            check.put("status", word(health.getStatus()));
            checks.put(name, check);
        });
        long inFlight = meters.inFlight();
        Map<String, Object> requests = Map.of(
                "inFlight",
                inFlight,
                "capacity",
                frontDoor.maxConnections(),
                "utilization",
                (double) inFlight / frontDoor.maxConnections());
        Detailed detailed = new Detailed(
                worst(),
                time.instant(),
                KillSwitches.of(environment),
                checks,
                details(healths.get("circuitBreakers")),
                details(healths.get("cache")),
                requests,
                memory());
        return answer(detailed, detailed.status());
    }

    private static @Nullable Map<String, Object> details(@Nullable Health health) {
        return health == null ? null : health.getDetails();
    }

    private static Map<String, Object> memory() {
        MemoryUsage heap = ManagementFactory.getMemoryMXBean().getHeapMemoryUsage();
        return Map.of(
                "heapUsedBytes", heap.getUsed(),
                "heapMaxBytes", heap.getMax(),
                "utilization", (double) heap.getUsed() / heap.getMax());
    }

    private Map<String, Health> healths() {
        Map<String, Health> healths = new LinkedHashMap<>();
        indicators.forEach((name, indicator) -> healths.put(name, indicator.health()));
        return healths;
    }

    private String worst() {
        boolean degraded = false;
        for (Health health : healths().values()) {
            String word = word(health.getStatus());
            if (word.equals("unhealthy")) {
                return word;
            }
            degraded |= word.equals("degraded");
        }
        return degraded ? "degraded" : "healthy";
    }

    private static String word(Status status) {
        if (status.equals(Status.UP) || status.equals(Status.UNKNOWN)) {
            return "healthy";
        }
        return status.getCode().equals("DEGRADED") ? "degraded" : "unhealthy";
    }

    private static <T> ResponseEntity<T> answer(T body, String status) {
        return ResponseEntity.status(status.equals("unhealthy") ? 503 : 200).body(body);
    }
}
