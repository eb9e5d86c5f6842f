package io.latchkey.store;

import io.lettuce.core.SslOptions;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.ssl.NoSuchSslBundleException;
import org.springframework.boot.ssl.SslBundle;
import org.springframework.boot.ssl.SslBundles;
import org.springframework.boot.ssl.SslManagerBundle;
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

    /** Of a private authority Java knows nothing; without a bundle only those that Java knows are trusted. */
    @Bean
    SslOptions redisTls(StoreProperties properties, ObjectProvider<SslBundles> bundles) {
        String name = properties.sslBundle();
        if (name.isBlank()) {
            return SslOptions.create();
        }
        try {
            SslBundle bundle = bundles.getObject().getBundle(name);
            SslManagerBundle managers = bundle.getManagers();
            SslOptions.Builder tls = SslOptions.builder()
                    .keyManager(managers.getKeyManagerFactory())
                    .trustManager(managers.getTrustManagerFactory());
            if (bundle.getOptions().getEnabledProtocols() != null) {
                tls.protocols(bundle.getOptions().getEnabledProtocols());
            }
            if (bundle.getOptions().getCiphers() != null) {
                tls.cipherSuites(bundle.getOptions().getCiphers());
            }
            return tls.build();
        } catch (NoSuchSslBundleException e) {
            throw new StartRefused(
                    "latchkey.store.ssl-bundle names the SSL bundle " + name + ", which there is not.",
                    "Define it, such as spring.ssl.bundle.pem." + name + ".truststore.certificate=/path/to/ca.pem.");
        }
    }

    @Bean
    HardenedClient redisClient(Server server, SslOptions tls) {
        return new HardenedClient(server, tls);
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
    Redis redis(Server server, HardenedClient client, Link link, StoreProperties properties) {
        return new Redis(server, client, link, properties);
    }

    @Bean
    CacheConnection cacheConnection(Server server, SslOptions tls, StoreProperties properties) {
        return new CacheConnection(server, tls, properties);
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
