package io.latchkey.store;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/** The secrets that turn tokens into digests; they are never in Redis, so a stolen dump opens nothing. */
@Component
public class Peppers {
    private static final String HMAC = "HmacSHA256";

    private final Pepper current;
    private final @Nullable Pepper previous;

    Peppers(PepperProperties properties, DataDirectory data) {
        String now = properties.pepper();
        String before = properties.pepperPrevious();
        current = new Pepper(now.isEmpty() ? made(data) : checked("LATCHKEY_PEPPER", now));
        previous = before.isEmpty() ? null : new Pepper(checked("LATCHKEY_PEPPER_PREVIOUS", before));
    }

    public Pepper current() {
        return current;
    }

    /** The current pepper and, during a change of pepper, the one before. */
    public List<Pepper> held() {
        return previous == null ? List.of(current) : List.of(current, previous);
    }

    public Optional<Pepper> byId(String id) {
        return held().stream().filter(pepper -> pepper.id.equals(id)).findFirst();
    }

    private static String made(DataDirectory data) {
        if (!data.isEmbedded()) {
            throw new StartRefused(
                    "LATCHKEY_PEPPER is not set",
                    "Set LATCHKEY_PEPPER to a random string of 32 or more characters, the same on every node, and keep"
                            + " a copy: without it no stored key can be verified.");
        }
        return data.readOrCreate("pepper", () -> {
            byte[] bytes = new byte[32];
            new SecureRandom().nextBytes(bytes);
            return HexFormat.of().formatHex(bytes);
        });
    }

    private static String checked(String variable, String value) {
        if (value.length() < 16) {
            throw new StartRefused(
                    variable + " is too short: " + value.length() + " characters (expected: 16 or more)",
                    "Make one with: openssl rand -hex 32");
        }
        return value;
    }

    /** One pepper; its id may be stored and shown, its bytes never. */
    public static final class Pepper {
        private final String id;
        private final Mac prototype;

        private Pepper(String value) {
            byte[] bytes = value.getBytes(StandardCharsets.UTF_8);
            try {
                prototype = Mac.getInstance(HMAC);
                prototype.init(new SecretKeySpec(bytes, HMAC));
            } catch (GeneralSecurityException e) {
                throw new IllegalStateException(e);
            }
            id = HexFormat.of().formatHex(derive("pepper-id"), 0, 4);
        }

        public String id() {
            return id;
        }

        /** Hex HMAC-SHA-256(pepper, SHA-256(token)). */
        public String digest(byte[] tokenSha256) {
            return HexFormat.of().formatHex(mac().doFinal(tokenSha256));
        }

        /** A key for another purpose, from which the pepper cannot be told. */
        public byte[] derive(String purpose) {
            return mac().doFinal(("latchkey/" + purpose).getBytes(StandardCharsets.UTF_8));
        }

        private Mac mac() {
            try {
                return (Mac) prototype.clone();
            } catch (CloneNotSupportedException e) {
                throw new IllegalStateException(e);
            }
        }
    }

    public static byte[] sha256(String token) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(token.getBytes(StandardCharsets.UTF_8));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }
}
