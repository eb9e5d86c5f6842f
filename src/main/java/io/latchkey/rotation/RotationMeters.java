package io.latchkey.rotation;

import io.prometheus.metrics.core.metrics.Counter;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import org.springframework.stereotype.Component;

/** Counts what was done with rotations. */
@Component
class RotationMeters {
    private final Counter rotations;

    RotationMeters(PrometheusRegistry meters) {
        rotations = Counter.builder()
                .name("latchkey_rotations_total")
                .help("Rotations by what was done: begun, finished, rolled-back, extended.")
                .withoutExemplars()
                .labelNames("act")
                .register(meters);
        for (String act : new String[] {"begun", "finished", "rolled-back", "extended"}) {
            rotations.initLabelValues(act);
        }
    }

    void count(String act) {
        rotations.labelValues(act).inc();
    }
}
