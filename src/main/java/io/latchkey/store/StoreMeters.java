package io.latchkey.store;

import io.prometheus.metrics.core.datapoints.DistributionDataPoint;
import io.prometheus.metrics.core.metrics.Histogram;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import io.prometheus.metrics.model.snapshots.Unit;
import org.springframework.beans.factory.ObjectProvider;

/** How long Redis takes, for requests and for everything else. */
final class StoreMeters {
    private final DistributionDataPoint request;
    private final DistributionDataPoint admin;

    StoreMeters(ObjectProvider<PrometheusRegistry> registries) {
        Histogram commands = Histogram.builder()
                .name("latchkey_store_command_seconds")
                .unit(Unit.SECONDS)
                .help("Time until Redis answered a command, or it was given up.")
                .labelNames("path")
                .classicOnly()
                .classicUpperBounds(.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5)
                .withoutExemplars()
                .register(registries.getIfAvailable(PrometheusRegistry::new));
        request = commands.labelValues("request");
        admin = commands.labelValues("admin");
    }

    void onRequest(long begun) {
        request.observe((System.nanoTime() - begun) / 1e9);
    }

    void onAdmin(long begun) {
        admin.observe((System.nanoTime() - begun) / 1e9);
    }
}
