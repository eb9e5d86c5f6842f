package io.latchkey.store;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/**
 * A Lua script and the digest by which Redis knows it.
 *
 * @param name the resource that it was read from, for messages
 * @param source the Lua text
 * @param sha the SHA-1 of the source in hex, as {@code EVALSHA} wants it
 */
public record Script(String name, String source, String sha) {

    /** What a script begins with that does something with many items. */
    public static final String EACH_LUA = "/io/latchkey/store/each.lua";

    /** Concatenates the resources that lie next to {@code owner}, so that scripts can share functions. */
    public static Script of(Class<?> owner, String... resourceNames) {
        StringBuilder source = new StringBuilder();
        for (String resource : resourceNames) {
            source.append(read(owner, resource)).append('\n');
        }
        String text = source.toString();
        return new Script(String.join("+", resourceNames), text, sha1(text));
    }

    private static String read(Class<?> owner, String resource) {
        try (InputStream in = owner.getResourceAsStream(resource)) {
            if (in == null) {
                throw new IllegalArgumentException("No resource " + resource + " next to " + owner.getName());
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String sha1(String text) {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-1").digest(text.getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(digest);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }
}
