package io.latchkey.cache;

import io.latchkey.keys.Caller;
import io.latchkey.routes.RouteMatch;
import jakarta.servlet.http.HttpServletRequest;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.List;

/**
 * Where an answer is kept: for which resource, in whose part, for which form of the request.
 *
 * <p>The parts stay apart to the end: in Redis each goes into a digest with its length, so that no path can be made to
 * look like another path with a variant.
 *
 * @param target path and query for the upstream
 * @param authority scheme, host and port as the upstream is told: what it writes into links
 * @param part the id of a key, never its secret; or {@link #EVERYBODY}
 * @param variant of the request's body and of the fields that answers depend on
 */
record Place(String route, String target, String authority, String part, String variant) {
    static final String EVERYBODY = "*";
    private static final String NOBODY = "-";

    static Place of(RouteMatch match, Caller caller, HttpServletRequest request, String body) {
        String key = caller.keyId();
        String authority = request.getScheme() + "://" + request.getServerName() + ':' + request.getServerPort();
        return new Place(match.label(), match.target(), authority, key == null ? NOBODY : key, body);
    }

    Place shared() {
        return new Place(route, target, authority, EVERYBODY, variant);
    }

    Place of(String anotherTarget) {
        return new Place(route, anotherTarget, authority, part, "");
    }

    /** The place of the answer to just this form of the request. */
    Place fork(List<String> names, Ask ask) {
        if (names.isEmpty()) {
            return this;
        }
        String[] parts = new String[names.size() * 2 + 1];
        parts[0] = variant;
        for (int i = 0; i < names.size(); i++) {
            parts[2 * i + 1] = names.get(i);
            parts[2 * i + 2] = ask.value(names.get(i));
        }
        // The values may be credentials.
        return new Place(route, target, authority, part, digest(parts));
    }

    /** The same for all callers and forms of one resource. */
    int stripe(int stripes) {
        int hash = route.hashCode() * 31 + target.hashCode();
        return (hash ^ (hash >>> 16)) & (stripes - 1);
    }

    /** In Redis, the key of the resource's epoch; the keys of its answers begin with it and share its slot. */
    String resourceKey() {
        return "latchkey:cache:{" + digest(route, target) + "}";
    }

    String answerKey(String resourceKey) {
        return resourceKey + ':' + digest(authority, part, variant);
    }

    static String digest(byte[] body, String... parts) {
        MessageDigest sha = sha256();
        add(sha, parts);
        return Base64.getUrlEncoder().withoutPadding().encodeToString(sha.digest(body));
    }

    private static String digest(String... parts) {
        return digest(new byte[0], parts);
    }

    private static void add(MessageDigest sha, String... parts) {
        for (String part : parts) {
            byte[] bytes = part.getBytes(StandardCharsets.UTF_8);
            for (int shift = 24; shift >= 0; shift -= 8) {
                sha.update((byte) (bytes.length >>> shift));
            }
            sha.update(bytes);
        }
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }
}
