package io.latchkey.routes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.latchkey.Seed;
import io.latchkey.problems.Refusal;
import io.latchkey.problems.Refused;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class CanonicalPathTest {
    @ParameterizedTest
    @CsvSource({
        "/, /",
        "/api/x, /api/x",
        "/api/x/, /api/x/",
        "/%61pi/%7euser/%2D%2E%5F, /api/~user/-._",
        "/api/a%20b, /api/a%20b",
        "/api/%c3%a9, /api/%C3%A9",
        "/api/%e2%82%ac/%f0%9f%94%91, /api/%E2%82%AC/%F0%9F%94%91",
        "/api/100%25, /api/100%25",
        "/api/%2541, /api/%2541",
        "/api/a:b@c!$&'()*+=, /api/a:b@c!$&'()*+=",
        "/api/..., /api/...",
        "/api/a..b, /api/a..b",
        "/api/.well-known/x, /api/.well-known/x",
    })
    void aPathHasOneSpelling(String raw, String canonical) {
        assertThat(CanonicalPath.of(raw)).isEqualTo(canonical);
        assertThat(CanonicalPath.of(canonical)).as(Seed.said()).isEqualTo(canonical);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "*",
                "api/x",
                "//",
                "//api/x",
                "/api//x",
                "/api/x//",
                "/api///x",
                "/.",
                "/..",
                "/api/.",
                "/api/..",
                "/api/./x",
                "/api/../admin",
                "/api/%2e/x",
                "/api/%2e%2e/admin",
                "/api/.%2E/admin",
                "/api/%2e./admin",
                "/api/..;/admin",
                "/api/..;a=b/admin",
                "/api/x;jsessionid=1",
                "/api/;/x",
                "/api/..%3b/admin",
                "/api/x%3By",
                "/api\\x",
                "/api/..\\admin",
                "/api/%5cx",
                "/api/..%5Cadmin",
                "/api/%2fadmin",
                "/api/..%2Fadmin",
                "/api/x%00",
                "/api/%0d%0aX-Evil:1",
                "/api/%0D",
                "/api/%0a",
                "/api/%09",
                "/api/%1f",
                "/api/%7f",
                "/api/%",
                "/api/%2",
                "/api/%zz",
                "/api/%2g",
                "/api/%-1",
                "/api/%u002e",
                "/api/%c3%41",
                "/api/%+2e",
                "/api/%252e%252e/admin",
                "/api/%252E",
                "/api/%252f",
                "/api/%255c",
                "/api/%2500",
                "/api/%257f",
                "/api/%250d%250a",
                "/api/%25252e",
                "/api/%2525252f",
                "/api/%253b",
                "/api/%25%32%65%25%32%65/admin",
                "/api/%25%2532e%25%2532e/admin",
                "/api/%25%32f",
                "/api/\u00e9",
                "/api/\uff0e\uff0e/x",
                "/api/x\u0000",
                "/api/x\r\nX: 1",
                "/api/x y",
                "/api/\t",
                "/api/\u007f",
                "/api/<x>",
                "/api/\"x\"",
                "/api/{x}",
                "/api/x|y",
                "/api/x^y",
                "/api/`x`",
                "/api/[x]",
                "/api/x#y",
                "/api/x?y",
                "/api/%c0%ae%c0%ae/admin",
                "/api/%c0%af",
                "/api/%e0%80%af",
                "/api/%f0%80%80%af",
                "/api/%c3",
                "/api/%c3x",
                "/api/%c3/x",
                "/api/%80",
                "/api/%ff",
                "/api/%ed%a0%80",
                "/api/%f4%90%80%80",
                "/api/%\u0662e"
            })
    void whatCouldBeReadInTwoWaysIsRefused(String raw) {
        Refused refused = catchThrowableOfType(Refused.class, () -> CanonicalPath.of(raw));
        assertThat(refused).isNotNull();
        assertThat(refused.refusal()).isEqualTo(Refusal.BAD_REQUEST);
    }

    @Test
    void whateverIsAcceptedIsStableAndHarmless() {
        String[] parts = {
            "/", ".", "..", "%2e", "%2E", "%2f", "%5c", "%25", "25", "2e", "%00", ";", "\\", "a", "%61", "%c3%a9", "%",
            "api", "%3b", "*", "~", "%7E"
        };
        Random random = Seed.random();
        for (int i = 0; i < 200_000; i++) {
            StringBuilder raw = new StringBuilder("/");
            for (int n = random.nextInt(8); n >= 0; n--) {
                raw.append(parts[random.nextInt(parts.length)]);
            }
            String canonical;
            try {
                canonical = CanonicalPath.of(raw.toString());
            } catch (Refused e) {
                continue;
            }
            assertThat(CanonicalPath.of(canonical)).isEqualTo(canonical);
            assertThat(canonical)
                    .as(Seed.said())
                    .doesNotContain("//", ";", "\\", "%2E", "%2F", "%5C", "%00")
                    .doesNotMatch(".*/\\.{1,2}(/.*)?");
        }
    }

    @Test
    void theQueryPassesRawButNotWithControlCharacters() {
        CanonicalPath.checkQuery("a=%0d%0a&b=..;/&c=%2F&&=&x[]={}|\"");
        for (String evil : new String[] {"a=\r\nX: 1", "a=\u0000", "a b", "\u00e9", "\u007f"}) {
            assertThatThrownBy(() -> CanonicalPath.checkQuery(evil)).isInstanceOf(Refused.class);
        }
    }
}
