package bench;

import static org.springframework.cloud.gateway.server.mvc.filter.BeforeFilterFunctions.removeRequestHeader;
import static org.springframework.cloud.gateway.server.mvc.filter.BeforeFilterFunctions.stripPrefix;
import static org.springframework.cloud.gateway.server.mvc.filter.BeforeFilterFunctions.uri;
import static org.springframework.cloud.gateway.server.mvc.filter.Bucket4jFilterFunctions.rateLimit;
import static org.springframework.cloud.gateway.server.mvc.handler.GatewayRouterFunctions.route;
import static org.springframework.cloud.gateway.server.mvc.handler.HandlerFunctions.http;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.github.bucket4j.caffeine.CaffeineProxyManager;
import io.github.bucket4j.distributed.proxy.AsyncProxyManager;
import java.time.Duration;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.context.annotation.Bean;
import org.springframework.data.redis.core.StringRedisTemplate;
import org.springframework.web.servlet.function.HandlerFilterFunction;
import org.springframework.web.servlet.function.RouterFunction;
import org.springframework.web.servlet.function.ServerResponse;

/** Checks a cached key, counts the limit by the gateway's own Bucket4j filter in this process, and proxies. */
@SpringBootApplication
public class ScgWebmvc {
    private static final String KEY_ID = "bench.keyId";

    public static void main(String[] args) {
        SpringApplication.run(ScgWebmvc.class, args);
    }

    @Bean
    RouterFunction<ServerResponse> bench(StringRedisTemplate redis, @Value("${BENCH_UPSTREAM}") String upstream) {
        return route("bench")
                .route(request -> request.path().startsWith("/api/bench/"), http())
                .filter(keyCheck(redis))
                .filter(rateLimit(limit -> limit.setCapacity(100_000_000)
                        .setPeriod(Duration.ofMinutes(1))
                        .setKeyResolver(request -> (String) request.attributes().get(KEY_ID))))
                .before(uri(upstream))
                .before(stripPrefix(2))
                .before(removeRequestHeader("X-API-Key"))
                .build();
    }

    /** In memory: shared buckets in Redis are compared and set, which one hot key turns into a storm of retries. */
    @Bean
    AsyncProxyManager<String> buckets() {
        return new CaffeineProxyManager<String>(Caffeine.newBuilder().maximumSize(100_000), Duration.ofMinutes(2))
                .asAsync();
    }

    private static HandlerFilterFunction<ServerResponse, ServerResponse> keyCheck(StringRedisTemplate redis) {
        Cache<String, String> keys = Caffeine.newBuilder()
                .maximumSize(100_000)
                .expireAfterWrite(Duration.ofSeconds(5))
                .build();
        return (request, next) -> {
            String token = request.headers().firstHeader("X-API-Key");
            String id = token == null ? null : keys.get(token, unseen -> redis.opsForValue().get("bench:key:" + unseen));
            if (id == null) {
                return ServerResponse.status(401).build();
            }
            request.attributes().put(KEY_ID, id);
            return next.handle(request);
        };
    }
}
