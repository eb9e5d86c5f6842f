package io.latchkey.store;

import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * The secrets that are kept outside Redis.
 *
 * @param pepper turns tokens into digests (environment: LATCHKEY_PEPPER); 16 or more characters, the same on every
 *     node; default made and kept in the data directory on the embedded store, else the start is refused; lost = every
 *     key is lost
 * @param pepperPrevious the one before, during a change of pepper (environment: LATCHKEY_PEPPER_PREVIOUS); default
 *     none; dropped too early = the start is refused with the number of secrets that still need it
 */
@ConfigurationProperties("latchkey")
record PepperProperties(
        @DefaultValue("") String pepper, @DefaultValue("") String pepperPrevious) {}
