package io.latchkey.routes;

import static org.assertj.core.api.Assertions.assertThat;

import io.latchkey.problems.Refusal;
import io.latchkey.problems.Refused;
import java.io.ByteArrayOutputStream;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Any text as a path: refused, or spelled in the one way in which everybody reads the same segments. */
public final class PathFuzz {
    private static final Pattern ESCAPE = Pattern.compile("%([0-9A-Fa-f]{2})");
    private static final Pattern LEGAL = Pattern.compile("/[A-Za-z0-9._~!$&'()*+,=:@/-]*");
    private static final Pattern HIDDEN = Pattern.compile("[\\x00-\\x1f\\x7f;\\\\]");

    private PathFuzz() {}

    public static void fuzzerTestOneInput(byte[] input) {
        String raw = new String(input, StandardCharsets.UTF_8);
        String canonical = canonical(raw);
        assertThat(canonical).as("%s", raw).isEqualTo(expected(raw));
        if (canonical != null) {
            assertThat(canonical(canonical)).as("%s", raw).isEqualTo(canonical);
            assertThat(URI.create(canonical.replace(":", "%3A")).normalize().getRawPath())
                    .as("%s", raw)
                    .isEqualTo(canonical.replace(":", "%3A"));
        }
    }

    private static @Nullable String canonical(String raw) {
        try {
            return CanonicalPath.of(raw);
        } catch (Refused e) {
            assertThat(e.refusal()).isEqualTo(Refusal.BAD_REQUEST);
            return null;
        }
    }

    private static @Nullable String expected(String raw) {
        if (!LEGAL.matcher(ESCAPE.matcher(raw).replaceAll("x")).matches() || raw.contains("//")) {
            return null;
        }
        String once = decode(raw);
        if (count(once, '/') != count(raw, '/') || !isUtf8(once)) {
            return null;
        }
        for (String segment : once.split("/", -1)) {
            if (segment.equals(".") || segment.equals("..")) {
                return null;
            }
        }
        // However often a server decodes, it sees the same dots and slashes, and nothing that cuts a segment.
        String last = once;
        for (String next = decode(once); !next.equals(last); next = decode(last)) {
            last = next;
        }
        boolean same = count(last, '/') == count(once, '/') && count(last, '.') == count(once, '.');
        return same && !HIDDEN.matcher(last).find() ? respelled(raw) : null;
    }

    private static String respelled(String raw) {
        return ESCAPE.matcher(raw).replaceAll(escape -> {
            String one = decode(escape.group());
            return Matcher.quoteReplacement(
                    one.matches("[A-Za-z0-9._~-]") ? one : escape.group().toUpperCase(Locale.ROOT));
        });
    }

    /** One character an octet; what is no escape stays. */
    private static String decode(String text) {
        return ESCAPE.matcher(text)
                .replaceAll(
                        escape -> Matcher.quoteReplacement(Character.toString(Integer.parseInt(escape.group(1), 16))));
    }

    private static boolean isUtf8(String octets) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        octets.chars().forEach(bytes::write);
        try {
            StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes.toByteArray()));
            return true;
        } catch (CharacterCodingException e) {
            return false;
        }
    }

    private static long count(String text, char wanted) {
        return text.chars().filter(c -> c == wanted).count();
    }
}
