package io.latchkey.store;

import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import java.nio.file.Path;
import java.time.Duration;
import org.hibernate.validator.constraints.time.DurationMax;
import org.hibernate.validator.constraints.time.DurationMin;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.validation.annotation.Validated;

/**
 * Which Redis, and how long one command may take.
 *
 * @param redisUrl where Redis is, {@code LATCHKEY_REDIS_URL}: {@code redis://}, {@code rediss://}, {@code
 *     redis-sentinel://} or {@code redis-cluster://}; default empty, which runs an embedded Redis that serves one node only
 * @param dataDir where the embedded Redis keeps its data and the secrets made for it, {@code LATCHKEY_DATA_DIR};
 *     default {@code ./data}; losing it loses every key; unused when {@code redisUrl} is set
 * @param cacheRedisUrl where stored answers are, {@code LATCHKEY_CACHE_REDIS_URL}, in the same forms; default empty, which
 *     is the Redis of everything else; one of its own may evict ({@code volatile-lru}) what can be asked for again
 * @param sslBundle the name of the Spring SSL bundle that says whom to trust, and who this node is, under TLS; default empty,
 *     which trusts what Java trusts. Danger: whoever the bundle trusts is taken for Redis
 * @param requestTimeout how long a request waits for one answer of Redis; default 45 ms, so that it is held up for 50 at
 *     most once its thread was woken, 1 ms to 10 s; too short and a
 *     slow Redis counts as down, too long and every request is slow while Redis is
 * @param adminTimeout how long an admin act or background work waits for Redis; default 2 s, 10 ms to 60 s
 * @param confirmingReplicas how many replicas must have a change of a key before it is acknowledged, 0 to 5; default 1
 *     with Sentinel and in a cluster, else 0. Without as many that answer, keys cannot be changed. Danger: with 0 a fail-over may undo
 *     what an operator was told
 */
@ConfigurationProperties("latchkey.store")
@Validated
record StoreProperties(
        @DefaultValue("") String redisUrl,
        @DefaultValue("./data") String dataDir,
        @DefaultValue("") String cacheRedisUrl,
        @DefaultValue("") String sslBundle,

        @DefaultValue("45ms") @DurationMin(millis = 1) @DurationMax(seconds = 10)
        Duration requestTimeout,

        @DefaultValue("2s") @DurationMin(millis = 10) @DurationMax(seconds = 60)
        Duration adminTimeout,

        @Min(0) @Max(5) @Nullable Integer confirmingReplicas) {

    boolean isEmbedded() {
        return redisUrl.isBlank();
    }

    int replicasToConfirm(Server server) {
        if (confirmingReplicas != null) {
            return confirmingReplicas;
        }
        return server.mode().equals("sentinel") || server.isCluster() ? 1 : 0;
    }

    /** An empty variable means the default, not the directory that the process happens to run in. */
    Path dataPath() {
        return Path.of(dataDir.isBlank() ? "./data" : dataDir).toAbsolutePath().normalize();
    }

    /** Without the URL, which holds the password. */
    @Override
    public String toString() {
        return "StoreProperties[embedded=%s, dataDir=%s, requestTimeout=%s, adminTimeout=%s]"
                .formatted(isEmbedded(), dataDir, requestTimeout, adminTimeout);
    }
}
