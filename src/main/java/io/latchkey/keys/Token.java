package io.latchkey.keys;

import java.nio.charset.StandardCharsets;
import java.util.random.RandomGenerator;
import java.util.zip.CRC32;
import org.jspecify.annotations.Nullable;

/**
 * What a caller presents: {@code lk_<env>_<keyId>_<secret><crc>}, or a legacy string that names no key.
 *
 * @param keyId null for a legacy token
 */
record Token(@Nullable String keyId) {
    static final String PREFIX = "lk_";

    /** 27 base62 characters hold 160.7 random bits. */
    private static final int SECRET_CHARS = 27;

    private static final int CRC_CHARS = 6;
    private static final int LENGTH_MIN = 8;
    private static final int LENGTH_MAX = 256;
    private static final Token LEGACY = new Token(null);

    static String mint(String env, String keyId, RandomGenerator random) {
        String body = PREFIX + env + "_" + keyId + "_" + Base62.random(SECRET_CHARS, random);
        return body + crc(body);
    }

    /** Null when it cannot be a token: refused without asking the store. */
    static @Nullable Token parse(String text) {
        if (text.length() < LENGTH_MIN || text.length() > LENGTH_MAX || !printable(text)) {
            return null;
        }
        return text.startsWith(PREFIX) ? parseOwn(text) : LEGACY;
    }

    private static @Nullable Token parseOwn(String text) {
        int envEnd = text.indexOf('_', PREFIX.length());
        int idEnd = envEnd < 0 ? -1 : text.indexOf('_', envEnd + 1);
        int crcStart = text.length() - CRC_CHARS;
        if (idEnd < 0
                || !isEnv(text, PREFIX.length(), envEnd)
                || idEnd - envEnd > 33
                || !Base62.isBase62(text, envEnd + 1, idEnd)
                || crcStart - idEnd - 1 < SECRET_CHARS
                || !Base62.isBase62(text, idEnd + 1, text.length())
                || !text.startsWith(crc(text.substring(0, crcStart)), crcStart)) {
            return null;
        }
        return new Token(text.substring(envEnd + 1, idEnd));
    }

    private static boolean isEnv(String text, int from, int to) {
        for (int i = from; i < to; i++) {
            char c = text.charAt(i);
            if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z'))) {
                return false;
            }
        }
        return to > from && to - from <= 16;
    }

    private static boolean printable(String text) {
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c < 0x20 || c >= 0x7f) {
                return false;
            }
        }
        return true;
    }

    private static String crc(String body) {
        CRC32 crc = new CRC32();
        crc.update(body.getBytes(StandardCharsets.US_ASCII));
        return Base62.encode(crc.getValue(), CRC_CHARS);
    }

    /** What may be shown of a token to tell it from others. */
    static String last4(String text) {
        return text.substring(text.length() - 4);
    }
}
