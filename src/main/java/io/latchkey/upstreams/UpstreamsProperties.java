package io.latchkey.upstreams;

import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * What holds for all upstreams.
 *
 * @param circuitBreakersDisabled no server is left alone because it fails (environment: DISABLE_CIRCUIT_BREAKERS);
 *     default false. Health checks still steer. With true, every request waits for a dead server's timeout.
 */
@ConfigurationProperties("latchkey.upstreams")
record UpstreamsProperties(@DefaultValue("false") boolean circuitBreakersDisabled) {}
