package io.latchkey.observability;

import java.net.URI;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * Where the spans of requests below {@code /api} go.
 *
 * @param otlpEndpoint base address of an OTLP receiver that speaks HTTP and protobuf, to which {@code /v1/traces} is
 *     added (environment: OTEL_EXPORTER_OTLP_ENDPOINT); default none = no spans, and no thread for them
 * @param otlpHeaders sent with each batch, as {@code name=value,name=value}, values percent-encoded (environment:
 *     OTEL_EXPORTER_OTLP_HEADERS); default none
 * @param sampleRate the part of traces that begin here which are recorded, 0 to 1 (environment: OTEL_TRACES_SAMPLER_ARG);
 *     default 1. A trace that a caller began is recorded if its {@code traceparent} says so
 */
@ConfigurationProperties("latchkey.tracing")
record TracingProperties(
        @DefaultValue("") String otlpEndpoint,
        @DefaultValue("") String otlpHeaders,
        @DefaultValue("1") Double sampleRate) {

    TracingProperties {
        otlpEndpoint = otlpEndpoint.strip();
        if (!otlpEndpoint.isEmpty() && !isAddress(otlpEndpoint)) {
            throw new IllegalArgumentException(
                    "latchkey.tracing.otlp-endpoint must be an address such as http://collector:4318");
        }
        if (!(sampleRate >= 0 && sampleRate <= 1)) {
            throw new IllegalArgumentException(
                    "latchkey.tracing.sample-rate must be between 0 and 1, not " + sampleRate);
        }
        headers(otlpHeaders);
    }

    boolean isOn() {
        return !otlpEndpoint.isEmpty();
    }

    String address() {
        return otlpEndpoint.replaceFirst("/+$", "") + "/v1/traces";
    }

    Map<String, String> headers() {
        return headers(otlpHeaders);
    }

    private static boolean isAddress(String text) {
        try {
            URI uri = URI.create(text);
            return ("http".equals(uri.getScheme()) || "https".equals(uri.getScheme())) && uri.getHost() != null;
        } catch (IllegalArgumentException e) {
            return false;
        }
    }

    private static Map<String, String> headers(String text) {
        Map<String, String> headers = new LinkedHashMap<>();
        for (String pair : text.split(",", -1)) {
            int equals = pair.indexOf('=');
            if (equals > 0) {
                // As in W3C baggage, where a plus sign is one.
                String value = pair.substring(equals + 1).strip().replace("+", "%2B");
                headers.put(pair.substring(0, equals).strip(), URLDecoder.decode(value, StandardCharsets.UTF_8));
            } else if (!pair.isBlank()) {
                throw new IllegalArgumentException(
                        "latchkey.tracing.otlp-headers must be name=value, separated by commas");
            }
        }
        return headers;
    }
}
