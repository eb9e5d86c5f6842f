package io.latchkey.usage;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonUnwrapped;
import io.latchkey.keys.Caller;
import io.latchkey.keys.Key;
import io.latchkey.keys.KeyProfile;
import io.latchkey.keys.Keys;
import io.latchkey.problems.WrongField;
import io.latchkey.usage.Budgets.State;
import io.latchkey.usage.UsageSeries.Series;
import io.latchkey.usage.UsageSeries.Wish;
import io.latchkey.usage.UsageStore.Whose;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RequestAttribute;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;

/** Tells operators what was used by all, by an owner or by a key, and callers what they used themselves. */
@RestController
class UsageController {
    private final UsageSeries series;
    private final Budgets budgets;
    private final Keys keys;

    UsageController(UsageSeries series, Budgets budgets, Keys keys) {
        this.series = series;
        this.budgets = budgets;
        this.keys = keys;
    }

    /** What was used, and of one key, what may be. */
    record Used(
            @JsonUnwrapped Series series,
            @JsonInclude(JsonInclude.Include.NON_EMPTY) List<State> budgets) {}

    /** Tells what all callers, an owner or a key used, by hour or day and route. */
    @GetMapping("/admin/usage")
    Used usage(
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
        KeyProfile profile = key == null ? null : keys.profile(key);
        Series used = series.of(whose, new Wish(from, to, step, route));
        return new Used(used, key == null || profile == null ? List.of() : budgets.states(key, profile));
    }

    /** Tells a caller what its own key used, by hour or day and route. */
    @GetMapping("/api/v1/usage")
    Used own(
            @RequestAttribute(Caller.ATTRIBUTE) Caller caller,
            @RequestParam @Nullable Instant from,
            @RequestParam @Nullable Instant to,
            @RequestParam @Nullable String step,
            @RequestParam @Nullable String route) {
        Key key = caller.key();
        Series used = series.of(Whose.key(key.id()), new Wish(from, to, step, route));
        return new Used(used, budgets.states(key.id(), key.profile()));
    }
}
