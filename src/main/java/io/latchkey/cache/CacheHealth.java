package io.latchkey.cache;

import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.stereotype.Component;

/** The cache as the health page shows it; a cache is never a reason to be unhealthy. */
@Component("cache")
class CacheHealth implements HealthIndicator {
    private final CacheMeters meters;
    private final NearTier near;
    private final CacheProperties properties;

    CacheHealth(CacheMeters meters, NearTier near, CacheProperties properties) {
        this.meters = meters;
        this.near = near;
        this.properties = properties;
    }

    @Override
    public Health health() {
        return Health.up()
                .withDetail("disabled", properties.disabled())
                .withDetail("hitRate", meters.hitRate())
                .withDetail("entries", near.entries())
                .withDetail("bytes", near.bytes())
                .build();
    }
}
