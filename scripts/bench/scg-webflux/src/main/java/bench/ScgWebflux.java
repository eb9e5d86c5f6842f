package bench;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.boot.reactor.netty.NettyServerCustomizer;
import org.springframework.cloud.gateway.filter.ratelimit.KeyResolver;
import org.springframework.context.annotation.Bean;
import reactor.core.publisher.Mono;
import reactor.netty.http.server.logging.AccessLog;

/** Checks a cached key, counts the limit in Redis by the gateway's own limiter, proxies, and logs each request. */
@SpringBootApplication
public class ScgWebflux {
    public static void main(String[] args) {
        SpringApplication.run(ScgWebflux.class, args);
    }

    @Bean
    KeyResolver byKey() {
        return exchange -> Mono.just(exchange.getRequiredAttribute(KeyCheck.KEY_ID));
    }

    @Bean
    NettyServerCustomizer accessLog() {
        return server -> server.accessLog(
                true,
                line -> AccessLog.create(
                        "{\"time\":\"{}\",\"method\":\"{}\",\"path\":\"{}\",\"status\":{},\"responseBytes\":{},"
                                + "\"durationMs\":{},\"client\":\"{}\",\"userAgent\":\"{}\"}",
                        line.accessDateTime(),
                        line.method(),
                        line.uri(),
                        line.status(),
                        line.contentLength(),
                        line.duration(),
                        line.remoteAddress(),
                        line.requestHeader("User-Agent")));
    }
}
