package io.latchkey.routes;

import io.latchkey.problems.Window;
import io.latchkey.routes.Route.Admission;
import io.latchkey.routes.Route.Breaker;
import io.latchkey.routes.Route.Caching;
import io.latchkey.routes.Route.Fallback;
import io.latchkey.routes.Route.HealthCheck;
import io.latchkey.routes.Route.Limit;
import io.latchkey.routes.Route.Metering;
import io.latchkey.routes.Route.Retry;
import io.latchkey.routes.Route.Server;
import io.latchkey.routes.Route.Timeout;
import java.math.BigDecimal;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.springframework.util.unit.DataSize;

/** Reads the parts of a route that stand in mappings of their own, with their defaults and ranges. */
final class RouteParts {
    private static final Pattern NAME = Pattern.compile("[a-z0-9-]{1,32}");
    private static final Pattern TAG = Pattern.compile("[A-Za-z0-9][A-Za-z0-9:._/-]{0,63}");
    private static final Pattern MEDIA_TYPE = Pattern.compile("[!-~]{1,60}/[ -~]{1,120}");
    private static final Pattern POINTER = Pattern.compile("(/[A-Za-z0-9_.-]{1,64}){1,16}");
    private static final String A_POINTER = "a JSON pointer such as /usage/total_tokens";
    private static final Pattern PRICE = Pattern.compile("[0-9]{1,6}(\\.[0-9]{1,9})?");
    private static final String PRICES = "a price such as 0.002, 9 decimals at most";
    private static final Set<String> CACHEABLE = Set.of("GET", "HEAD", "POST");
    private static final int MOST = 100_000;
    private static final Duration LONGEST = Duration.ofHours(1);
    private static final Duration INSTANT = Duration.ofMillis(1);

    private RouteParts() {}

    static List<Server> servers(Fields route) {
        List<Server> servers = new ArrayList<>();
        for (Fields fields : route.elements("upstreams", "url")) {
            String url = fields.requiredText("url", UpstreamUri::isValid, UpstreamUri.EXPECTED);
            int weight = fields.number("weight", 1, 0, 1000);
            fields.refuseTheRest();
            if (!url.isEmpty()) {
                servers.add(new Server(URI.create(url), weight));
            }
        }
        if (!servers.isEmpty() && servers.stream().allMatch(server -> server.weight() == 0)) {
            route.say("upstreams", "all have weight 0, so that no request could go anywhere");
        }
        return servers;
    }

    static Timeout timeout(Fields fields) {
        Timeout timeout = new Timeout(
                fields.duration("connect", Duration.ofSeconds(1), INSTANT, LONGEST),
                fields.duration("firstByte", Duration.ofSeconds(10), INSTANT, LONGEST),
                fields.duration("total", Duration.ofSeconds(60), INSTANT, LONGEST));
        fields.refuseTheRest();
        return timeout;
    }

    static Retry retry(Fields fields) {
        Retry retry = new Retry(
                fields.number("attempts", 3, 1, 10),
                fields.duration("delay", Duration.ofSeconds(1), Duration.ZERO, LONGEST),
                !fields.texts("on", "timeout"::equals, "timeout").isEmpty());
        fields.refuseTheRest();
        return retry;
    }

    static Breaker breaker(Fields fields) {
        Breaker breaker = new Breaker(
                fields.number("failures", 5, 1, 1000),
                fields.duration("open", Duration.ofSeconds(60), INSTANT, LONGEST));
        fields.refuseTheRest();
        return breaker;
    }

    static HealthCheck health(Fields fields) {
        HealthCheck check = new HealthCheck(
                fields.requiredText("path", RoutePattern::isCanonical, "a canonical path"),
                fields.duration("interval", Duration.ofSeconds(5), Duration.ofMillis(100), LONGEST),
                fields.duration("timeout", Duration.ofSeconds(2), INSTANT, Duration.ofMinutes(1)),
                fields.number("healthy", 2, 1, 100),
                fields.number("unhealthy", 3, 1, 100));
        fields.refuseTheRest();
        return check;
    }

    static Admission admission(Fields route) {
        List<Limit> limits = new ArrayList<>();
        Set<String> names = new HashSet<>();
        for (Fields fields : route.elements("limits", "name")) {
            Limit limit = new Limit(
                    fields.requiredText("name", text -> NAME.matcher(text).matches(), NAME.pattern()),
                    fields.longNumber("quota", 0, 1, 1_000_000_000_000L),
                    fields.requiredText("window", Window::isValid, Window.EXPECTED),
                    "exact".equals(fields.text("accuracy", Set.of("exact", "fast")::contains, "exact or fast")),
                    fields.flag("shadow", false));
            if (limit.quota() == 0) {
                fields.say("quota", "missing, or not a number above 0");
            }
            if (!names.add(limit.name())) {
                fields.say("name", "another limit of this route has this name");
            }
            fields.refuseTheRest();
            limits.add(limit);
        }
        return new Admission(
                route.number("concurrency", 0, 0, MOST),
                route.number("concurrencyPerKey", 0, 0, MOST),
                limits,
                route.number("cost", 1, 1, MOST));
    }

    static Caching caching(Fields fields, Set<String> routeMethods) {
        List<String> methods = fields.texts("methods", CACHEABLE::contains, "GET, HEAD or POST");
        Caching caching = new Caching(
                fields.duration("ttl", Duration.ZERO, Duration.ZERO, Duration.ofDays(365)),
                fields.flag("shared", false),
                methods.isEmpty() ? Set.of("GET", "HEAD") : withHead(methods),
                fields.texts("tags", text -> TAG.matcher(text).matches(), TAG.pattern()),
                fields.duration("staleIfError", Duration.ZERO, Duration.ZERO, Duration.ofDays(365)),
                fields.size("largest", DataSize.ofMegabytes(1)));
        if (!routeMethods.containsAll(methods)) {
            fields.say("methods", "the route itself does not allow all of them");
        }
        fields.refuseTheRest();
        return caching;
    }

    static Metering metering(Fields fields) {
        Map<String, BigDecimal> prices = new HashMap<>();
        fields.pairs("prices").forEach((model, text) -> {
            if (isPrice(text)) {
                prices.put(model, new BigDecimal(text));
            } else {
                fields.say("prices." + model, PRICES);
            }
        });
        Metering metering = new Metering(
                fields.requiredText("tokens", text -> POINTER.matcher(text).matches(), A_POINTER),
                fields.text("model", text -> POINTER.matcher(text).matches(), A_POINTER),
                new BigDecimal(fields.orElse(fields.text("pricePerThousand", RouteParts::isPrice, PRICES), "0")),
                prices);
        fields.refuseTheRest();
        return metering;
    }

    private static boolean isPrice(String text) {
        return PRICE.matcher(text).matches();
    }

    private static Set<String> withHead(List<String> methods) {
        Set<String> all = new HashSet<>(methods);
        if (all.contains("GET")) {
            all.add("HEAD");
        }
        return all;
    }

    /** Null where no page of another origin may call. */
    static @Nullable CorsPolicy cors(Fields fields, CorsPolicy byDefault) {
        List<String> origins = texts(fields, "origins", byDefault.origins(), CorsPolicy.ORIGIN, CorsPolicy.AN_ORIGIN);
        boolean credentials = fields.flag("credentials", byDefault.credentials());
        boolean tooOpen = credentials && origins.contains(CorsPolicy.ALL);
        if (tooOpen) {
            fields.say("credentials", CorsPolicy.TOO_OPEN);
        }
        CorsPolicy cors = new CorsPolicy(
                origins,
                texts(fields, "methods", byDefault.methods(), CorsPolicy.METHOD, CorsPolicy.METHOD),
                texts(fields, "headers", byDefault.headers(), CorsPolicy.HEADER, CorsPolicy.A_HEADER),
                texts(fields, "exposedHeaders", byDefault.exposedHeaders(), CorsPolicy.HEADER, CorsPolicy.A_HEADER),
                credentials && !tooOpen,
                fields.duration("maxAge", byDefault.maxAge(), Duration.ZERO, Duration.ofDays(1)));
        fields.refuseTheRest();
        return origins.isEmpty() ? null : cors;
    }

    private static List<String> texts(
            Fields fields, String name, List<String> byDefault, String pattern, String expected) {
        List<String> texts = fields.texts(name, text -> text.matches(pattern), expected);
        return fields.has(name) ? texts : byDefault;
    }

    static Fallback fallback(Fields fields) {
        Fallback fallback = new Fallback(
                fields.number("status", 200, 200, 599),
                fields.orElse(
                        fields.text(
                                "contentType", text -> MEDIA_TYPE.matcher(text).matches(), "a media type"),
                        "application/json"),
                fields.orElse(fields.text("body", text -> text.length() <= 64 * 1024, "at most 64 KiB of text"), ""));
        fields.refuseTheRest();
        return fallback;
    }
}
