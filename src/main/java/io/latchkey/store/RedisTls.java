package io.latchkey.store;

import io.lettuce.core.SslOptions;
import java.util.Locale;
import java.util.stream.Stream;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.ssl.NoSuchSslBundleException;
import org.springframework.boot.ssl.SslBundle;
import org.springframework.boot.ssl.SslBundles;
import org.springframework.boot.ssl.SslManagerBundle;
import org.springframework.core.NestedExceptionUtils;

/** Whom this node trusts, and who it is, under TLS: as a bundle says, else whomever Java trusts. */
final class RedisTls {
    private RedisTls() {}

    static SslOptions of(StoreProperties properties, ObjectProvider<SslBundles> bundles) {
        String name = properties.sslBundle();
        if (name.isBlank()) {
            return SslOptions.create();
        }
        if (Stream.of(properties.redisUrl(), properties.cacheRedisUrl())
                .noneMatch(url -> url.strip().toLowerCase(Locale.ROOT).startsWith("rediss"))) {
            throw new StartRefused(
                    "latchkey.store.ssl-bundle is set, but no Redis is reached by TLS.",
                    "Write rediss:// in place of redis://, or leave the bundle out.");
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
        } catch (RuntimeException e) {
            throw new StartRefused(
                    "latchkey.store.ssl-bundle: the SSL bundle " + name + " cannot be read: "
                            + NestedExceptionUtils.getMostSpecificCause(e).getMessage(),
                    "Correct what spring.ssl.bundle says of it.");
        }
    }
}
