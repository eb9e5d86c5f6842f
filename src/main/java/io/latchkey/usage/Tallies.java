package io.latchkey.usage;

import io.latchkey.keys.Flushed;
import io.latchkey.store.Redis;
import io.latchkey.store.StoreUnavailable;
import io.prometheus.metrics.core.metrics.Counter;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.context.SmartLifecycle;
import org.springframework.context.event.EventListener;
import org.springframework.stereotype.Component;

/** What this node counted and has not written yet. */
@Component
final class Tallies implements SmartLifecycle {
    private static final Logger log = LoggerFactory.getLogger(Tallies.class);
    private static final int BATCH = 200;

    /** What is spent on one node must soon bound it on the others. */
    private static final long URGENT_MILLIS = 1000;

    private final UsageStore store;
    private final Budgets budgets;
    private final Redis redis;
    private final UsageProperties properties;
    private final Counter dropped;
    private final ConcurrentHashMap<Cell, Sums> counted = new ConcurrentHashMap<>();
    private final ConcurrentHashMap<Cell, Sums> urgent = new ConcurrentHashMap<>();
    /** Taken out, in the order in which they must be written: one whose answer was lost is sent again as it was. */
    private final ArrayDeque<Batch> batches = new ArrayDeque<>();

    private final ScheduledExecutorService clock = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().daemon().name("usage").factory());
    private long lastNumber;
    private volatile boolean running;

    Tallies(UsageStore store, Budgets budgets, Redis redis, UsageProperties properties, PrometheusRegistry meters) {
        this.store = store;
        this.budgets = budgets;
        this.redis = redis;
        this.properties = properties;
        dropped = Counter.builder()
                .withoutExemplars()
                .name("latchkey_usage_dropped_total")
                .help("Requests whose usage was not written.")
                .register(meters);
    }

    /** Cells of one day; the number tells the store whether it has had it. */
    record Batch(long number, String day, Map<Cell, Sums> cells) {}

    void add(Cell cell, Sums more) {
        add(counted, cell, more);
    }

    /** To be written within a second. */
    void addUrgent(Cell cell, Sums more) {
        add(urgent, cell, more);
    }

    private void add(ConcurrentHashMap<Cell, Sums> where, Cell cell, Sums more) {
        if (where.computeIfPresent(cell, (same, sums) -> sums.plus(more)) != null) {
            return;
        }
        if (where.size() >= properties.cells()) {
            dropped.inc(more.requests());
        } else {
            where.merge(cell, more, Sums::plus);
        }
    }

    /** Everything that was counted before this call, on this node; throws when Redis does not take it. */
    void write() {
        write(List.of(urgent, counted));
    }

    @EventListener
    void flush(Flushed wanted) {
        writeIfPossible(List.of(urgent, counted));
    }

    private synchronized void write(List<ConcurrentHashMap<Cell, Sums>> what) {
        writeTaken();
        what.forEach(this::take);
        writeTaken();
    }

    private void writeTaken() {
        while (!batches.isEmpty()) {
            Batch batch = batches.getFirst();
            long begun = System.nanoTime();
            long spoilt = 0;
            try {
                spoilt = store.add(batch);
            } catch (StoreUnavailable e) {
                throw e;
            } catch (RuntimeException e) {
                log.error("usage could not be written", e);
                batch.cells().values().forEach(sums -> dropped.inc(sums.requests()));
            }
            if (spoilt > 0) {
                log.error(
                        "{} of {} cells of usage could not be written: something else lies in their place",
                        spoilt,
                        batch.cells().size());
                dropped.inc(spoilt);
            }
            batches.removeFirst();
            budgets.written(batch.cells(), begun);
        }
    }

    private void take(ConcurrentHashMap<Cell, Sums> from) {
        Map<String, Map<Cell, Sums>> days = new HashMap<>();
        for (Cell cell : from.keySet()) {
            Sums sums = from.remove(cell);
            if (sums != null) {
                Map<Cell, Sums> day = days.computeIfAbsent(cell.day(), first -> new HashMap<>());
                day.put(cell, sums);
                if (day.size() == BATCH) {
                    batches.add(new Batch(++lastNumber, cell.day(), day));
                    days.remove(cell.day());
                }
            }
        }
        days.forEach((day, cells) -> batches.add(new Batch(++lastNumber, day, cells)));
    }

    @Override
    public void start() {
        running = true;
        every(properties.writeEvery().toMillis(), List.of(urgent, counted));
        every(URGENT_MILLIS, List.of(urgent));
    }

    private void every(long millis, List<ConcurrentHashMap<Cell, Sums>> what) {
        Future<?> unused =
                clock.scheduleWithFixedDelay(() -> writeIfPossible(what), millis, millis, TimeUnit.MILLISECONDS);
    }

    private void writeIfPossible(List<ConcurrentHashMap<Cell, Sums>> what) {
        if (redis.isReady() && redis.isUp()) {
            try {
                write(what);
            } catch (RuntimeException e) {
                log.debug("left for the next time: {}", e.getMessage());
            }
        }
    }

    /** After the web server has drained, before Redis is let go. */
    @Override
    public int getPhase() {
        return 0;
    }

    @Override
    public void stop() {
        running = false;
        clock.shutdownNow();
        writeIfPossible(List.of(urgent, counted));
        long lost = Stream.concat(Stream.of(urgent, counted), batches.stream().map(Batch::cells))
                .flatMap(cells -> cells.values().stream())
                .mapToLong(Sums::requests)
                .sum();
        if (lost > 0) {
            log.warn("the usage of {} requests could not be written", lost);
        }
    }

    @Override
    public boolean isRunning() {
        return running;
    }
}
