package io.latchkey.usage;

import io.latchkey.keys.Caller;
import io.latchkey.problems.WrongField;
import io.latchkey.usage.UsageSeries.Series;
import io.latchkey.usage.UsageSeries.Wish;
import io.latchkey.usage.UsageStore.Whose;
import java.time.Instant;
import org.jspecify.annotations.Nullable;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RequestAttribute;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;

/** Tells operators what was used by all, by an owner or by a key, and callers what they used themselves. */
@RestController
class UsageController {
    private final UsageSeries series;

    UsageController(UsageSeries series) {
        this.series = series;
    }

    @GetMapping("/admin/usage")
    Series usage(
            @RequestParam @Nullable String key,
            @RequestParam @Nullable String owner,
            @RequestParam @Nullable Instant from,
            @RequestParam @Nullable Instant to,
            @RequestParam @Nullable String step,
            @RequestParam @Nullable String route) {
        if (key != null && owner != null) {
            throw new WrongField("owner", "cannot go with key").refused();
        }
        Whose whose = key != null ? Whose.key(key) : owner != null ? Whose.owner(owner) : Whose.ALL;
        return series.of(whose, new Wish(from, to, step, route));
    }

    @GetMapping("/api/v1/usage")
    Series own(
            @RequestAttribute(Caller.ATTRIBUTE) Caller caller,
            @RequestParam @Nullable Instant from,
            @RequestParam @Nullable Instant to,
            @RequestParam @Nullable String step,
            @RequestParam @Nullable String route) {
        return series.of(Whose.key(caller.key().id()), new Wish(from, to, step, route));
    }
}
