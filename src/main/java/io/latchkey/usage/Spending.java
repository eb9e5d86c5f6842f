package io.latchkey.usage;

import io.latchkey.keys.KeyProfile.Budget;
import io.latchkey.store.StoreUnavailable;
import io.latchkey.usage.UsageStore.Whose;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What one key has spent this month, as far as this node knows: what Redis said a second ago, and what it spent here. */
final class Spending {
    private static final Logger log = LoggerFactory.getLogger(Spending.class);
    private static final long FRESH = Duration.ofSeconds(1).toNanos();
    /** Of days that are over something may still come from a node that could not write. */
    private static final long EARLIER_FRESH = Duration.ofMinutes(5).toNanos();

    private final String keyId;
    private final UsageStore store;
    /** By day since 1970. */
    private final ConcurrentHashMap<Long, Sums> unwritten = new ConcurrentHashMap<>(2);

    /** To begin with of 1970, which no call is in. */
    private volatile Told told = new Told(0, Sums.NONE, Sums.NONE);

    private volatile long askedAt = System.nanoTime() - EARLIER_FRESH;
    private long earlierAskedAt = askedAt;
    private volatile List<Budget> budgets = List.of();
    private final ConcurrentHashMap<Window, Long> warnedOf = new ConcurrentHashMap<>(2);

    Spending(String keyId, UsageStore store) {
        this.keyId = keyId;
        this.store = store;
    }

    /** What Redis had. */
    private record Told(long day, Sums today, Sums earlierThisMonth) {
        Sums in(boolean monthly, long now) {
            if (day == now) {
                return monthly ? today.plus(earlierThisMonth) : today;
            }
            return monthly && firstOfMonth(day) == firstOfMonth(now) ? today.plus(earlierThisMonth) : Sums.NONE;
        }

        /** The same, seen from another day. */
        Told at(long now) {
            Sums then = in(false, now);
            return new Told(now, then, in(true, now).minus(then));
        }

        Told plus(long when, Sums more) {
            if (when == day) {
                return new Told(day, today.plus(more), earlierThisMonth);
            }
            boolean earlier = when < day && when >= firstOfMonth(day);
            return earlier ? new Told(day, today, earlierThisMonth.plus(more)) : this;
        }
    }

    /** As the key's record says now. */
    void isBoundBy(List<Budget> now) {
        budgets = now;
    }

    List<Budget> budgets() {
        return budgets;
    }

    /** A budget until it is reset. */
    private record Window(Budget budget, Instant end) {}

    /** How many percent of it were spent when somebody was warned. */
    long warnedOf(Budget budget, Instant end) {
        return warnedOf.getOrDefault(new Window(budget, end), 0L);
    }

    void warned(Budget budget, Instant end, long percent) {
        warnedOf.keySet()
                .removeIf(
                        window -> window.end().isBefore(end) && window.budget().equals(budget));
        warnedOf.put(new Window(budget, end), percent);
    }

    /** By one request, that has not been written yet. */
    void add(long day, Sums spent) {
        unwritten.merge(day, spent, Sums::plus);
    }

    /** That much less is unwritten; {@code begun} is from before it was sent to Redis. */
    synchronized void written(long day, Sums spent, long begun) {
        if (askedAt - begun < 0) {
            told = told.plus(day, spent);
        } else {
            // What was asked for since may hold it or not.
            earlierAskedAt = System.nanoTime() - EARLIER_FRESH;
        }
        // Asked for again at once: who is warned must know of the other nodes, too.
        askedAt = System.nanoTime() - EARLIER_FRESH;
        unwritten.computeIfPresent(day, (same, sums) -> {
            Sums left = sums.minus(spent);
            return left.tokens() > 0 || left.costNanos() > 0 ? left : null;
        });
    }

    /** Asks Redis, when that is a second ago; without it goes on with what is known. */
    void refresh(long day) {
        if (isStale(day)) {
            ask(day);
        }
    }

    private boolean isStale(long day) {
        return told.day < day || System.nanoTime() - askedAt > FRESH;
    }

    private synchronized void ask(long day) {
        if (!isStale(day)) {
            return;
        }
        boolean alsoEarlier = told.day != day || System.nanoTime() - earlierAskedAt > EARLIER_FRESH;
        askedAt = System.nanoTime();
        try {
            Sums today = Sums.NONE;
            Sums earlier = alsoEarlier ? Sums.NONE : told.earlierThisMonth;
            for (UsageStore.Entry entry : store.readOnRequest(
                    Whose.key(keyId), (alsoEarlier ? firstOfMonth(day) : day) * 24, (day + 1) * 24)) {
                if (entry.hour() < day * 24) {
                    earlier = earlier.plus(entry.sums());
                } else {
                    today = today.plus(entry.sums());
                }
            }
            told = new Told(day, today, earlier);
            if (alsoEarlier) {
                earlierAskedAt = System.nanoTime();
            }
        } catch (StoreUnavailable e) {
            log.debug("goes on with what is known of {}: {}", keyId, e.getMessage());
            told = told.at(day);
        } catch (RuntimeException e) {
            log.error("what {} has spent cannot be read: something else lies in its place", keyId, e);
            told = told.at(day);
        }
    }

    BigDecimal spent(Budget budget, long day) {
        boolean monthly = budget.window().equals("P1M");
        long from = monthly ? firstOfMonth(day) : day;
        Sums sums = Sums.NONE;
        for (var each : unwritten.entrySet()) {
            if (each.getKey() >= from && each.getKey() <= day) {
                sums = sums.plus(each.getValue());
            }
        }
        // After what is unwritten: what is written meanwhile is then counted twice rather than not at all.
        sums = sums.plus(told.in(monthly, day));
        return budget.unit().equals("tokens")
                ? BigDecimal.valueOf(sums.tokens())
                : BigDecimal.valueOf(sums.costNanos(), 9);
    }

    private static long firstOfMonth(long day) {
        return LocalDate.ofEpochDay(day).withDayOfMonth(1).toEpochDay();
    }
}
