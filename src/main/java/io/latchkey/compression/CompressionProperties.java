package io.latchkey.compression;

import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.util.unit.DataSize;
import org.springframework.validation.annotation.Validated;

/**
 * How answers are compressed.
 *
 * @param disabled whether all answers leave as their upstreams sent them (default false)
 * @param minSize smallest body that is compressed, 0 B to 1 GiB; default 1 KiB. A body of unknown length counts as
 *     larger. Danger: tiny bodies grow
 * @param brotliQuality 0 to 11; default 5. Danger: from 6 on each answer costs several times the CPU
 * @param memory most memory that compressors hold at a time, outside the heap, 0 B to 64 GiB; default 64 MiB. A Brotli
 *     stream takes 2.5 MiB, a gzip stream 256 KiB; without room for either an answer leaves as it is. Danger: it adds
 *     to the heap within the container's limit
 */
@Validated
@ConfigurationProperties("latchkey.compression")
record CompressionProperties(
        @DefaultValue("false") boolean disabled,
        @DefaultValue("1KB") DataSize minSize,
        @DefaultValue("5") @Min(0) @Max(11) int brotliQuality,
        @DefaultValue("64MB") DataSize memory) {
    CompressionProperties {
        range("min-size", minSize, DataSize.ofGigabytes(1));
        range("memory", memory, DataSize.ofGigabytes(64));
    }

    private static void range(String name, DataSize value, DataSize most) {
        if (value.isNegative() || value.compareTo(most) > 0) {
            throw new IllegalArgumentException(
                    "latchkey.compression." + name + " must be between 0B and " + most + ", not " + value);
        }
    }
}
