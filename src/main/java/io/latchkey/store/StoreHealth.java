package io.latchkey.store;

import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.boot.health.contributor.Status;
import org.springframework.stereotype.Component;

/** Redis as the health check sees it: gone is degraded, for the node still serves; never seen is out of service. */
@Component("store")
class StoreHealth implements HealthIndicator {
    static final Status DEGRADED = new Status("DEGRADED");

    private final Redis redis;

    StoreHealth(Redis redis) {
        this.redis = redis;
    }

    @Override
    public Health health() {
        Status served = redis.isUp() ? Status.UP : DEGRADED;
        return Health.status(redis.isReady() ? served : Status.OUT_OF_SERVICE)
                .withDetail("mode", redis.mode())
                .build();
    }
}
