package io.latchkey.observability;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SecretMaskTest {
    @ParameterizedTest
    @CsvSource(
            quoteCharacter = '|',
            value = {
                "key lk_live_0VbWUSxsQ4Vemj_abcDEF123 is odd, key lk_*** is odd",
                "lk_cut_off, lk_***",
                "Authorization: Bearer abc.def-ghi, Authorization: *** ***",
                "got bearer abc; next, got bearer ***; next",
                "redis://latchkey:p@ss/w@redis:6379/0 down, redis://***@redis:6379/0 down",
                "rediss://:secret@redis down, rediss://***@redis down",
                "{\"password\":\"x1\"}, {\"password\":\"***\"}",
                "GET http://h/p?token=abc&b=c failed, GET http://h/p?*** failed",
                "X-API-Key=legacy-key-1, X-API-Key=***",
                "What now? nothing = nothing, What now? nothing = nothing",
                "Cannot invoke \"io.latchkey.keys.Key.id()\" because \"key\" is null,"
                        + " Cannot invoke \"io.latchkey.keys.Key.id()\" because \"key\" is null"
            })
    void secretsAreMaskedAndTheRestStays(String text, String masked) {
        assertThat(SecretMask.of(text)).isEqualTo(masked);
    }

    @ParameterizedTest
    @CsvSource("100000")
    void aLongTextIsCut(int length) {
        assertThat(SecretMask.of("x".repeat(length))).hasSizeLessThan(2100);
        assertThat(SecretMask.of(null)).isNull();
    }
}
