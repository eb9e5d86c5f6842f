package io.latchkey.keys;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Any text as a token: it parses exactly when the specification says so, and no character of ours can be changed. */
public final class TokenFuzz {
    private static final Pattern OWN =
            Pattern.compile("(lk_[0-9a-z]{1,16}_([0-9A-Za-z]{1,32})_[0-9A-Za-z]{27,})[0-9A-Za-z]{6}");
    private static final Pattern PRINTABLE = Pattern.compile("[ -~]{8,256}");

    private TokenFuzz() {}

    public static void fuzzerTestOneInput(byte[] input) {
        String text = new String(input, StandardCharsets.UTF_8);
        check(text);
        // Chance finds no checksum.
        check(text + TokenTest.crc(text));
    }

    private static void check(String text) {
        Token parsed = Token.parse(text);
        assertThat(parsed).as("%s", text).isEqualTo(expected(text));
        if (parsed != null && parsed.keyId() != null) {
            for (int at = Token.PREFIX.length(); at < text.length(); at++) {
                char other = text.charAt(at) == '0' ? '1' : '0';
                String changed = text.substring(0, at) + other + text.substring(at + 1);
                assertThat(Token.parse(changed)).as("%s", changed).isNull();
            }
        }
    }

    private static @Nullable Token expected(String text) {
        if (!PRINTABLE.matcher(text).matches()) {
            return null;
        }
        if (!text.startsWith("lk_")) {
            return new Token(null);
        }
        Matcher own = OWN.matcher(text);
        return own.matches() && text.equals(own.group(1) + TokenTest.crc(own.group(1)))
                ? new Token(own.group(2))
                : null;
    }
}
