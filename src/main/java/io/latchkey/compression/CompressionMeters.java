package io.latchkey.compression;

import io.prometheus.metrics.core.datapoints.CounterDataPoint;
import io.prometheus.metrics.core.metrics.Counter;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;
import org.springframework.stereotype.Component;

/** Counts what compression takes in and gives out. */
@Component
class CompressionMeters {
    private final Map<Coding, CounterDataPoint> in = new EnumMap<>(Coding.class);
    private final Map<Coding, CounterDataPoint> out = new EnumMap<>(Coding.class);
    private final Counter withoutRoom;

    CompressionMeters(PrometheusRegistry meters) {
        Counter bytes = Counter.builder()
                .name("latchkey_compression_bytes_total")
                .help("Bytes of answers before (in) and after (out) compression.")
                .withoutExemplars()
                .labelNames("coding", "side")
                .register(meters);
        for (Coding coding : Coding.values()) {
            in.put(coding, bytes.labelValues(coding.token(), "in"));
            out.put(coding, bytes.labelValues(coding.token(), "out"));
        }
        withoutRoom = Counter.builder()
                .name("latchkey_compression_without_room_total")
                .help("Answers that left uncompressed because the memory for compression was taken.")
                .withoutExemplars()
                .register(meters);
    }

    void count(Coding coding, long bytesIn, long bytesOut) {
        Objects.requireNonNull(in.get(coding)).inc((double) bytesIn);
        Objects.requireNonNull(out.get(coding)).inc((double) bytesOut);
    }

    void withoutRoom() {
        withoutRoom.inc();
    }
}
