package io.latchkey.cache;

import io.latchkey.audit.Act;
import io.latchkey.problems.Refusal;
import io.latchkey.problems.Refused;
import jakarta.servlet.http.HttpServletRequest;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.springframework.http.CacheControl;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RestController;

/** Purges over HTTP. */
@RestController
class PurgeController {
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9:._/-]{0,127}");

    private final Purges purges;

    PurgeController(Purges purges) {
        this.purges = purges;
    }

    /** One of the three. */
    record Wish(
            @Nullable String tag,
            @Nullable String route,
            @Nullable String key) {
        Map<String, String> chosen() {
            List<Map<String, String>> named = Stream.of(named("tag", tag), named("route", route), named("key", key))
                    .filter(each -> !each.isEmpty())
                    .toList();
            if (named.size() != 1) {
                throw wrong("tag", "name exactly one of tag, route and key");
            }
            named.getFirst().forEach((field, value) -> {
                if (!NAME.matcher(value).matches()) {
                    throw wrong(field, "must be 1 to 128 letters, digits and : . _ / -, the first a letter or digit");
                }
            });
            return named.getFirst();
        }

        private static Map<String, String> named(String field, @Nullable String value) {
            return value == null ? Map.of() : Map.of(field, value);
        }
    }

    /** What was purged here and in Redis; a node that has not heard of it may serve it for {@code withinMillis} more. */
    record Purged(Map<String, String> purged, long withinMillis) {}

    /** Purges stored answers by tag, route or key. */
    @PostMapping("/admin/cache/purge")
    ResponseEntity<Purged> purge(@RequestBody Wish wish, HttpServletRequest request) {
        Map<String, String> chosen = wish.chosen();
        chosen.forEach((field, value) -> purges.purge(Act.of(request, "cache.purge"), field + ':' + value));
        return ResponseEntity.ok().cacheControl(CacheControl.noStore()).body(new Purged(chosen, Purges.HEARD_MILLIS));
    }

    private static Refused wrong(String field, String message) {
        return new Refused(Refusal.BAD_REQUEST, field + ": " + message)
                .with("errors", List.of(Map.of("field", field, "message", message)));
    }
}
