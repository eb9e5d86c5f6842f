package io.latchkey.store;

import io.lettuce.core.SslOptions;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.ssl.SslBundles;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/**
 * Puts the store together.
 *
 * <p>Beans are destroyed after those that depend on them: first whatever was given {@link Redis}, then the connections,
 * then the embedded server, then the lock of its directory.
 */
@Configuration(proxyBeanMethods = false)
@EnableConfigurationProperties(StoreProperties.class)
class StoreConfiguration {
    @Bean
    DataDirectory dataDirectory(StoreProperties properties) {
        return DataDirectory.of(properties);
    }

    @Bean
    Server redisServer(StoreProperties properties, DataDirectory data) {
        return properties.isEmbedded() ? new EmbeddedRedis(data) : ExternalRedis.of(properties.redisUrl());
    }

    @Bean
    SslOptions redisTls(StoreProperties properties, ObjectProvider<SslBundles> bundles) {
        return RedisTls.of(properties, bundles);
    }

    @Bean
    HardenedClient redisClient(Server server, SslOptions tls) {
        return new HardenedClient(server, tls);
    }

    @Bean
    StoreMeters storeMeters(ObjectProvider<PrometheusRegistry> registries) {
        return new StoreMeters(registries);
    }

    @Bean
    StoreClock storeClock() {
        return new StoreClock();
    }

    @Bean
    Link redisLink(HardenedClient client, StoreClock clock, StoreProperties properties) {
        return new Link(client, clock, properties.requestTimeout());
    }

    @Bean
    Redis redis(Server server, HardenedClient client, Link link, StoreProperties properties, StoreMeters meters) {
        return new Redis(server, client, link, properties, meters);
    }

    @Bean
    CacheConnection cacheConnection(Server server, SslOptions tls, StoreProperties properties, StoreMeters meters) {
        return new CacheConnection(server, tls, properties, meters);
    }

    /** Only who asks for it by its name gets this one. */
    @Bean(name = Redis.CACHE, defaultCandidate = false)
    @Qualifier(Redis.CACHE)
    Redis cacheRedis(CacheConnection connection) {
        return connection.redis();
    }

    @Bean
    StoreLifecycle storeLifecycle(Server server, Link link, Redis redis, ConfigurableApplicationContext context) {
        return new StoreLifecycle(server, link, redis, context, System::exit);
    }
}
