package io.latchkey.usage;

import com.fasterxml.jackson.annotation.JsonUnwrapped;
import io.latchkey.problems.WrongField;
import io.latchkey.usage.UsageStore.Entry;
import io.latchkey.usage.UsageStore.Whose;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.Comparator;
import java.util.List;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/** Usage as a series of hours or days, route by route. */
@Component
class UsageSeries {
    private static final Duration HOURS_MAX = Duration.ofDays(31);
    private static final Duration DAYS_MAX = Duration.ofDays(400);

    private final Tallies tallies;
    private final UsageStore store;
    private final InstantSource time;

    UsageSeries(Tallies tallies, UsageStore store, InstantSource time) {
        this.tallies = tallies;
        this.store = store;
        this.time = time;
    }

    /** What is asked for; whole hours or days, that of {@code to} included. */
    record Wish(
            @Nullable Instant from,
            @Nullable Instant to,
            @Nullable String step,
            @Nullable String route) {}

    /** {@code to} is the end of the last hour or day. */
    record Series(Instant from, Instant to, String step, Used totals, List<Item> items) {}

    /** One route in one hour or day. */
    record Item(Instant at, String route, @JsonUnwrapped Used used) {}

    /** {@code costEst} is in the currency of the routes' prices. */
    record Used(
            long requests,
            long errors,
            long requestBytes,
            long responseBytes,
            long cacheHits,
            long tokens,
            BigDecimal costEst) {
        static Used of(Sums sums) {
            return new Used(
                    sums.requests(),
                    sums.errors(),
                    sums.requestBytes(),
                    sums.responseBytes(),
                    sums.cacheHits(),
                    sums.tokens(),
                    BigDecimal.valueOf(sums.costNanos(), 9));
        }
    }

    private record Slot(Instant at, String route) implements Comparable<Slot> {
        @Override
        public int compareTo(Slot other) {
            return Comparator.comparing(Slot::at).thenComparing(Slot::route).compare(this, other);
        }
    }

    Series of(Whose whose, Wish wish) {
        String step = wish.step == null ? "hour" : wish.step;
        if (!step.equals("hour") && !step.equals("day")) {
            throw new WrongField("step", "must be hour or day").refused();
        }
        boolean daily = step.equals("day");
        ChronoUnit unit = daily ? ChronoUnit.DAYS : ChronoUnit.HOURS;
        Instant to = wish.to == null ? time.instant() : wish.to;
        Instant from = wish.from == null ? to.minus(daily ? Duration.ofDays(29) : Duration.ofHours(23)) : wish.from;
        Duration length = Duration.between(from, to);
        Duration longest = daily ? DAYS_MAX : HOURS_MAX;
        if (length.isNegative() || length.compareTo(longest) > 0) {
            throw new WrongField("from", "must be before \"to\", by " + longest.toDays() + " days at most").refused();
        }
        Instant first = from.truncatedTo(unit);
        Instant end = to.truncatedTo(unit).plus(1, unit);
        // What this node has counted itself is seen at once.
        tallies.write();
        TreeMap<Slot, Sums> slots = new TreeMap<>();
        for (Entry entry : store.read(whose, hour(first), hour(end))) {
            if (wish.route == null || wish.route.equals(entry.route())) {
                Instant at = Instant.EPOCH.plus(entry.hour(), ChronoUnit.HOURS).truncatedTo(unit);
                slots.merge(new Slot(at, entry.route()), entry.sums(), Sums::plus);
            }
        }
        Sums totals = slots.values().stream().reduce(Sums.NONE, Sums::plus);
        List<Item> items = slots.entrySet().stream()
                .map(slot -> new Item(slot.getKey().at(), slot.getKey().route(), Used.of(slot.getValue())))
                .toList();
        return new Series(first, end, step, Used.of(totals), items);
    }

    private static long hour(Instant at) {
        return Cell.hourOf(at.toEpochMilli());
    }
}
