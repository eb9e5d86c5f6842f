package io.latchkey.keys;

import io.latchkey.problems.Refusal;
import io.latchkey.problems.Refused;
import io.latchkey.store.Peppers;
import jakarta.servlet.http.HttpServletRequest;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Enumeration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What a caller presents as its token, read from the headers once and compared in constant time. */
final class Presented {
    private static final String BEARER = "Bearer ";

    private final Token token;
    private final byte[] sha256;
    private final Peppers peppers;
    private final @Nullable String[] digests;

    private Presented(Token token, byte[] sha256, Peppers peppers) {
        this.token = token;
        this.sha256 = sha256;
        this.peppers = peppers;
        digests = new String[peppers.held().size()];
    }

    static Presented of(String text, Peppers peppers) {
        Token token = Token.parse(text);
        if (token == null) {
            throw new Refused(
                    Refusal.KEY_MALFORMED, "The API key is cut, mistyped or altered; copy the whole token again.");
        }
        return new Presented(token, Peppers.sha256(text), peppers);
    }

    /** The caller's token: {@code X-API-Key}, else the bearer. A key in the query is never read. */
    static String from(HttpServletRequest request) {
        String key = single(request, "X-API-Key");
        String bearer = bearer(request);
        if (key != null) {
            if (bearer != null && bearer.startsWith(Token.PREFIX)) {
                throw new Refused(
                        Refusal.BAD_REQUEST, "Two API keys were sent, in X-API-Key and in Authorization; send one.");
            }
            return key.strip();
        }
        if (bearer == null) {
            throw new Refused(Refusal.KEY_MISSING, "Send X-API-Key: <token> or Authorization: Bearer <token>.");
        }
        return bearer;
    }

    static @Nullable String bearer(HttpServletRequest request) {
        String authorization = single(request, "Authorization");
        return authorization != null && authorization.regionMatches(true, 0, BEARER, 0, BEARER.length())
                ? authorization.substring(BEARER.length()).strip()
                : null;
    }

    private static @Nullable String single(HttpServletRequest request, String header) {
        Enumeration<String> values = request.getHeaders(header);
        if (!values.hasMoreElements()) {
            return null;
        }
        String value = values.nextElement();
        if (values.hasMoreElements()) {
            throw new Refused(Refusal.BAD_REQUEST, header + " was sent more than once; send one.");
        }
        return value;
    }

    /** Null when the token does not name its key. */
    @Nullable
    String keyId() {
        return token.keyId();
    }

    byte[] sha256() {
        return sha256;
    }

    /** Under the current pepper. */
    String digest() {
        return digest(0);
    }

    /** Under each pepper held, the current one first. */
    List<String> digests() {
        return digests.length == 1 ? List.of(digest(0)) : List.of(digest(0), digest(1));
    }

    /** The secret of the key that this token is; every secret is compared, so that time tells nothing. */
    @Nullable
    Secret secretOf(Key key) {
        Secret found = null;
        for (Secret secret : key.secrets()) {
            for (int i = 0; i < digests.length; i++) {
                if (peppers.held().get(i).id().equals(secret.pepper()) && same(secret.digest(), digest(i))) {
                    found = secret;
                }
            }
        }
        return found;
    }

    private String digest(int pepper) {
        String digest = digests[pepper];
        if (digest == null) {
            digest = peppers.held().get(pepper).digest(sha256);
            digests[pepper] = digest;
        }
        return digest;
    }

    private static boolean same(String a, String b) {
        return MessageDigest.isEqual(a.getBytes(StandardCharsets.US_ASCII), b.getBytes(StandardCharsets.US_ASCII));
    }
}
