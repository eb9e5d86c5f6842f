package io.latchkey.usage;

import com.fasterxml.jackson.annotation.JsonUnwrapped;
import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.latchkey.keys.KeyProfile;
import io.latchkey.keys.KeyProfile.Budget;
import io.latchkey.problems.Refusal;
import io.latchkey.problems.Refused;
import io.latchkey.problems.Window;
import jakarta.servlet.http.HttpServletResponse;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.stereotype.Component;

/** What keys may spend in a day or a month, over all nodes: refuses when it is spent, and warns before. */
@Component
final class Budgets {
    private static final Logger log = LoggerFactory.getLogger(Budgets.class);
    static final int[] WARNINGS = {50, 80, 100};
    private static final int KEYS_MAX = 100_000;

    private final UsageStore store;
    private final UsageMeters meters;
    private final InstantSource time;
    private final Cache<String, Spending> spendings =
            Caffeine.newBuilder().maximumSize(KEYS_MAX).build();

    Budgets(UsageStore store, UsageMeters meters, InstantSource time) {
        this.store = store;
        this.meters = meters;
        this.time = time;
    }

    /** A budget, and what is spent of it. */
    record State(@JsonUnwrapped Budget budget, BigDecimal spent, Instant resetsAt) {
        boolean usedUp() {
            return percent() >= 100;
        }

        long percent() {
            return spent.movePointRight(2)
                    .divide(budget.amount(), 0, RoundingMode.DOWN)
                    .longValue();
        }

        BigDecimal left() {
            return budget.amount().subtract(spent).max(BigDecimal.ZERO);
        }
    }

    private Spending of(String keyId) {
        return spendings.get(keyId, id -> new Spending(id, store));
    }

    /** One request of a key that has budgets; its cell is to be written soon. */
    void spent(Cell cell, Sums once) {
        of(cell.keyId()).add(cell.dayNumber(), once);
    }

    List<State> states(String keyId, KeyProfile profile) {
        Spending spending = profile.budgets().isEmpty() ? spendings.getIfPresent(keyId) : of(keyId);
        if (spending == null) {
            return List.of();
        }
        spending.isBoundBy(profile.budgets());
        return states(spending);
    }

    private List<State> states(Spending spending) {
        Instant now = time.instant();
        long day = Cell.dayAt(now.toEpochMilli());
        spending.refresh(day);
        return spending.budgets().stream()
                .map(budget -> new State(budget, spending.spent(budget, day), end(budget, now)))
                .toList();
    }

    private static Instant end(Budget budget, Instant now) {
        return Objects.requireNonNull(Window.parse(budget.window())).end(now);
    }

    /** Tells the caller what is left, as its limits are told; a call that is under way may take more than that. */
    void admit(String route, String keyId, KeyProfile profile, HttpServletResponse response) {
        List<State> usedUp = new ArrayList<>();
        for (State state : states(keyId, profile)) {
            tell(state, response);
            if (state.usedUp()) {
                usedUp.add(state);
            }
        }
        if (!usedUp.isEmpty()) {
            // Spent elsewhere, or the budget was made smaller: no call of this key will be counted any more.
            warnSoon(keyId, profile.owner(), usedUp);
            throw refused(route, usedUp);
        }
    }

    private void tell(State state, HttpServletResponse response) {
        Budget budget = state.budget();
        // The field knows whole numbers only.
        boolean tokens = budget.unit().equals("tokens");
        int shift = tokens ? 0 : 2;
        String name = '"' + budget.name() + '"';
        String window = budget.window().equals("P1D") ? ";w=" + TimeUnit.DAYS.toSeconds(1) : "";
        response.addHeader(
                "RateLimit-Policy",
                name + ";q=" + budget.amount().movePointRight(shift).longValue() + ";qu=\""
                        + (tokens ? "tokens" : "cents") + '"' + window);
        response.addHeader(
                "RateLimit",
                name + ";r=" + state.left().movePointRight(shift).longValue() + ";t="
                        + untilReset(state).plusMillis(999).toSeconds());
    }

    private Duration untilReset(State state) {
        return Duration.between(time.instant(), state.resetsAt());
    }

    private Refused refused(String route, List<State> usedUp) {
        List<String> names = usedUp.stream().map(state -> state.budget().name()).toList();
        names.forEach(name -> meters.outOfBudget(route, name));
        Duration wait =
                usedUp.stream().map(this::untilReset).max(Duration::compareTo).orElseThrow();
        return new Refused(Refusal.LIMIT_EXCEEDED, "The key has spent its budget: " + String.join(", ", names) + ".")
                .with("violatedPolicies", names)
                .retryAfter(wait);
    }

    /** What this node told Redis, from {@code begun} on; warns of what that used up. */
    void written(Map<Cell, Sums> cells, long begun) {
        Map<String, String> owners = new HashMap<>();
        cells.forEach((cell, sums) -> {
            Spending spending = spendings.getIfPresent(cell.keyId());
            if (spending != null && sums.tokens() > 0) {
                spending.written(cell.dayNumber(), sums, begun);
                owners.put(cell.keyId(), cell.owner());
            }
        });
        // All of them first: what is asked for now holds every cell of the batch.
        owners.forEach((keyId, owner) -> warn(keyId, owner, states(of(keyId))));
    }

    private void warnSoon(String keyId, String owner, List<State> usedUp) {
        Spending spending = of(keyId);
        if (usedUp.stream().anyMatch(state -> spending.warnedOf(state.budget(), state.resetsAt()) < 100)) {
            Thread.startVirtualThread(() -> warn(keyId, owner, usedUp));
        }
    }

    private void warn(String keyId, String owner, List<State> states) {
        try {
            states.forEach(state -> warn(keyId, owner, state));
        } catch (RuntimeException e) {
            log.warn("nobody is warned of the budget of {} yet: {}", keyId, e.getMessage());
        }
    }

    /** Once over all nodes. */
    private void warn(String keyId, String owner, State state) {
        Budget budget = state.budget();
        Spending spending = of(keyId);
        long before = spending.warnedOf(budget, state.resetsAt());
        for (int percent : WARNINGS) {
            if (state.percent() >= percent && before < percent && isFirst(keyId, state, percent)) {
                meters.budgetReached(budget.name(), percent);
                log.warn(
                        "the key {} of {} has spent {} % of its budget {}: {} of {}",
                        keyId,
                        owner.isEmpty() ? "nobody" : owner,
                        percent,
                        budget.name(),
                        state.spent().toPlainString(),
                        budget.amount().toPlainString());
            }
        }
        spending.warned(budget, state.resetsAt(), Math.max(before, state.percent()));
    }

    private boolean isFirst(String keyId, State state, int percent) {
        String amount = state.budget().amount().toPlainString();
        String what = String.join(":", keyId, state.budget().name(), amount, Integer.toString(percent));
        // A little longer than it is asked for.
        return store.isFirst(
                what + ':' + state.resetsAt().getEpochSecond(),
                untilReset(state).plusMinutes(10));
    }
}
