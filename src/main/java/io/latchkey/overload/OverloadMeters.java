package io.latchkey.overload;

import io.prometheus.metrics.core.metrics.Counter;
import io.prometheus.metrics.core.metrics.GaugeWithCallback;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import org.springframework.stereotype.Component;

/** Counts who was sent away, and shows how long threads wait for a processor. */
@Component
class OverloadMeters {
    /** Threads wait too long for a processor. */
    static final String DELAY = "delay";

    /** More are waiting than may. */
    static final String CROWD = "crowd";

    /** Waited, and in vain. */
    static final String PATIENCE = "patience";

    private final Counter shed;

    OverloadMeters(PrometheusRegistry meters, Pressure pressure) {
        shed = Counter.builder()
                .name("latchkey_shed_total")
                .help("Requests refused at the entrance, by reason: delay, crowd, patience.")
                .withoutExemplars()
                .labelNames("reason")
                .register(meters);
        for (String reason : new String[] {DELAY, CROWD, PATIENCE}) {
            shed.initLabelValues(reason);
        }
        GaugeWithCallback.builder()
                .name("latchkey_scheduling_delay_seconds")
                .help("How long the last probe waited for a processor.")
                .callback(callback -> callback.call(pressure.delayNanos() / 1e9))
                .register(meters);
    }

    void shed(String reason) {
        shed.labelValues(reason).inc();
    }
}
