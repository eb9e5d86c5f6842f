package io.latchkey.keys;

import io.lettuce.core.RedisClient;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.api.sync.RedisCommands;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/** What a tool of somebody else does: it holds the pepper and asks Redis, by what is documented alone. */
public final class OutsideTool implements AutoCloseable {
    private final RedisClient client;
    private final StatefulRedisConnection<String, String> connection;

    private OutsideTool(String url) {
        client = RedisClient.create(url);
        connection = client.connect();
    }

    public static OutsideTool at(String url) {
        return new OutsideTool(url);
    }

    /** Hex HMAC-SHA-256(pepper, SHA-256(token)). */
    public static String digest(String pepper, String token) {
        try {
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(pepper.getBytes(StandardCharsets.UTF_8), "HmacSHA256"));
            return HexFormat.of().formatHex(mac.doFinal(sha256(token)));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    public static byte[] sha256(String token) throws GeneralSecurityException {
        return MessageDigest.getInstance("SHA-256").digest(token.getBytes(StandardCharsets.UTF_8));
    }

    public boolean isValid(String pepper, String token) {
        return redis().sismember("api_keys:valid", digest(pepper, token));
    }

    public RedisCommands<String, String> redis() {
        return connection.sync();
    }

    /** Every key of every type, as text. */
    public Map<String, String> dump() {
        Map<String, String> all = new TreeMap<>();
        for (String key : redis().keys("*")) {
            all.put(key, content(key));
        }
        return all;
    }

    private String content(String key) {
        String type = redis().type(key);
        return switch (type) {
            case "string" -> redis().get(key);
            case "set" -> redis().smembers(key).toString();
            case "hash" -> redis().hgetall(key).toString();
            case "zset" -> redis().zrangeWithScores(key, 0, -1).toString();
            case "list" -> redis().lrange(key, 0, -1).toString();
            case "stream" ->
                redis().xrange(key, io.lettuce.core.Range.unbounded()).stream()
                        .map(message -> message.getId() + message.getBody())
                        .toList()
                        .toString();
            case "none" -> "";
            default -> throw new IllegalStateException("a type nobody dumps: " + type);
        };
    }

    public List<String> nodes() {
        return redis().hkeys("{api_keys:valid}:nodes");
    }

    @Override
    public void close() {
        connection.close();
        client.shutdown(Duration.ZERO, Duration.ofSeconds(1));
    }
}
