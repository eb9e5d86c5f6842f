package io.latchkey.keys;

import static org.assertj.core.api.Assertions.assertThat;

import io.latchkey.Gateway;
import io.latchkey.Gateway.Made;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * How long a refusal takes tells a stranger nothing. It needs a quiet machine, so that it runs by hand alone:
 * {@code ./mvnw test -Dtest=TimingTest -Dtests.excludedTags=none}.
 */
@Tag("quiet")
class TimingTest {
    private static final int WARM_UP = 1_000;
    private static final int SAMPLES = 10_000;

    /** The usual bound of leakage tests: one false alarm in some 10^5 runs. */
    private static final double T_MAX = 4.5;

    private final SecureRandom random = new SecureRandom();

    @Test
    void aWrongSecretOfAKnownKeyTakesAsLongAsAnUnknownKey() {
        try (Gateway gateway = Gateway.start()) {
            List<Made> known = new ArrayList<>();
            for (int i = 0; i < 50; i++) {
                Made key = gateway.key("");
                assertThat(gateway.call(key.token()).status()).isEqualTo(200);
                known.add(key);
            }
            double[] wrongSecret = new double[SAMPLES];
            double[] unknownKey = new double[SAMPLES];
            List<Boolean> order = new ArrayList<>(List.of(true, false));
            for (int i = -WARM_UP; i < SAMPLES; i++) {
                Made key = known.get(random.nextInt(known.size()));
                String ofKnown = Token.mint("live", key.id(), random);
                String ofUnknown = Token.mint("live", Base62.random(key.id().length(), random), random);
                Collections.shuffle(order, random);
                for (boolean first : order) {
                    double nanos = nanos(gateway, first ? ofKnown : ofUnknown);
                    if (i >= 0) {
                        (first ? wrongSecret : unknownKey)[i] = nanos;
                    }
                }
            }
            double t = welch(trimmed(wrongSecret), trimmed(unknownKey));
            System.out.printf("Welch t = %.2f of %d samples each%n", t, SAMPLES);
            assertThat(Math.abs(t))
                    .as(
                            "Welch t of %d samples each, medians %.0f and %.0f ns",
                            SAMPLES, wrongSecret[SAMPLES / 2], unknownKey[SAMPLES / 2])
                    .isLessThan(T_MAX);
        }
    }

    private static double nanos(Gateway gateway, String token) {
        long begun = System.nanoTime();
        int status = gateway.call(token).status();
        long ended = System.nanoTime();
        assertThat(status).isEqualTo(401);
        return ended - begun;
    }

    /** Without the slowest tenth, which is the machine's, not the gateway's. Sorts in place. */
    private static double[] trimmed(double[] samples) {
        Arrays.sort(samples);
        return Arrays.copyOf(samples, samples.length * 9 / 10);
    }

    private static double welch(double[] a, double[] b) {
        return (mean(a) - mean(b)) / Math.sqrt(variance(a) / a.length + variance(b) / b.length);
    }

    private static double mean(double[] samples) {
        return Arrays.stream(samples).average().orElseThrow();
    }

    private static double variance(double[] samples) {
        double mean = mean(samples);
        return Arrays.stream(samples).map(x -> (x - mean) * (x - mean)).sum() / (samples.length - 1);
    }
}
