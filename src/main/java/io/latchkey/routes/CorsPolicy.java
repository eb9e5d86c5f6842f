package io.latchkey.routes;

import jakarta.validation.constraints.Pattern;
import java.time.Duration;
import java.util.List;
import org.hibernate.validator.constraints.time.DurationMax;
import org.hibernate.validator.constraints.time.DurationMin;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.validation.annotation.Validated;

/**
 * Which pages of other origins may call, and read what they are answered; as a property, the default of every route.
 *
 * @param origins of those pages, as browsers send them, or {@code *} for all; default none: then browsers let no page of
 *     another origin call. Danger: such a page may do whatever the key allows that it was given
 * @param methods that they may call with, of those that the route allows; default none, which is all of these
 * @param headers that they may send; default {@code *}: whatever the page asks for
 * @param exposedHeaders that they may read, besides the gateway's own; default none
 * @param credentials whether browsers send cookies along; default false, and never with {@code *} as origin. Danger: who
 *     looks at a page of these origins acts for himself, knowing it or not
 * @param maxAge how long browsers need not ask again, 0 s to 24 h; default 10 min. Danger: for as long a page that is
 *     allowed no more may still send requests, though not read the answers
 */
@Validated
@ConfigurationProperties("latchkey.cors")
public record CorsPolicy(
        @DefaultValue List<@Pattern(regexp = CorsPolicy.ORIGIN, message = CorsPolicy.AN_ORIGIN) String> origins,
        @DefaultValue List<@Pattern(regexp = CorsPolicy.METHOD, message = CorsPolicy.METHOD) String> methods,
        @DefaultValue("*") List<@Pattern(regexp = CorsPolicy.HEADER, message = CorsPolicy.A_HEADER) String> headers,
        @DefaultValue List<@Pattern(regexp = CorsPolicy.HEADER, message = CorsPolicy.A_HEADER) String> exposedHeaders,
        @DefaultValue("false") boolean credentials,

        @DefaultValue("10m") @DurationMin @DurationMax(hours = 24)
        Duration maxAge) {
    public static final String ALL = "*";

    static final String ORIGIN =
            "\\*|(?!http:.*:80$|https:.*:443$)[a-z][a-z0-9+.-]*://" + "([a-z0-9._-]+|\\[[0-9a-f:.]+])(:[0-9]{1,5})?";
    static final String AN_ORIGIN =
            "* or an origin as browsers send it, such as https://app.example.com: lower case, no default port, no path";
    static final String METHOD = "GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS";
    static final String HEADER = "[!#$%&'*+.^_`|~0-9A-Za-z-]{1,64}";
    static final String A_HEADER = "* or the name of a header";
    static final String TOO_OPEN = "not together with the origin *: every page could act for whoever looks at it";

    public CorsPolicy {
        origins = List.copyOf(origins);
        methods = List.copyOf(methods);
        headers = List.copyOf(headers);
        exposedHeaders = List.copyOf(exposedHeaders);
        if (credentials && origins.contains(ALL)) {
            throw new IllegalArgumentException("latchkey.cors.credentials: " + TOO_OPEN);
        }
    }

    public boolean allows(String origin) {
        return origins.contains(origin) || origins.contains(ALL);
    }
}
