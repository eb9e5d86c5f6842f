package bench;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import java.time.Duration;
import org.springframework.cloud.gateway.filter.GatewayFilterChain;
import org.springframework.cloud.gateway.filter.GlobalFilter;
import org.springframework.core.Ordered;
import org.springframework.data.redis.core.ReactiveStringRedisTemplate;
import org.springframework.http.HttpStatus;
import org.springframework.stereotype.Component;
import org.springframework.web.server.ServerWebExchange;
import reactor.core.publisher.Mono;

/** Lets known keys pass; Redis is asked once in five seconds. */
@Component
class KeyCheck implements GlobalFilter, Ordered {
    static final String KEY_ID = "bench.keyId";

    private final Cache<String, String> keys = Caffeine.newBuilder()
            .maximumSize(100_000)
            .expireAfterWrite(Duration.ofSeconds(5))
            .build();
    private final ReactiveStringRedisTemplate redis;

    KeyCheck(ReactiveStringRedisTemplate redis) {
        this.redis = redis;
    }

    @Override
    public int getOrder() {
        return Ordered.HIGHEST_PRECEDENCE;
    }

    @Override
    public Mono<Void> filter(ServerWebExchange exchange, GatewayFilterChain chain) {
        String token = exchange.getRequest().getHeaders().getFirst("X-API-Key");
        if (token == null) {
            return refuse(exchange);
        }
        String cached = keys.getIfPresent(token);
        if (cached != null) {
            exchange.getAttributes().put(KEY_ID, cached);
            return chain.filter(exchange);
        }
        return redis.opsForValue().get("bench:key:" + token).defaultIfEmpty("").flatMap(id -> {
            if (id.isEmpty()) {
                return refuse(exchange);
            }
            keys.put(token, id);
            exchange.getAttributes().put(KEY_ID, id);
            return chain.filter(exchange);
        });
    }

    private static Mono<Void> refuse(ServerWebExchange exchange) {
        exchange.getResponse().setStatusCode(HttpStatus.UNAUTHORIZED);
        return exchange.getResponse().setComplete();
    }
}
