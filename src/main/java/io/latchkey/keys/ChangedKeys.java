package io.latchkey.keys;

import io.lettuce.core.StreamMessage;
import io.prometheus.metrics.core.metrics.Histogram;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.time.InstantSource;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.context.ApplicationEventPublisher;
import org.springframework.stereotype.Component;

/** What changes elsewhere do to the keys that this node has in memory, and how long they took to come here. */
@Component
class ChangedKeys {
    private static final Logger log = LoggerFactory.getLogger(ChangedKeys.class);

    private final NearCache cache;
    /** A flush of more than evidence. */
    static final String ALL = "all";

    private final KeyStore store;
    private final Evidence evidence;
    private final InstantSource time;
    private final ApplicationEventPublisher events;
    private final Histogram propagation;

    ChangedKeys(
            NearCache cache,
            KeyStore store,
            Evidence evidence,
            InstantSource time,
            ApplicationEventPublisher events,
            PrometheusRegistry meters) {
        this.cache = cache;
        this.store = store;
        this.evidence = evidence;
        this.time = time;
        this.events = events;
        propagation = Histogram.builder()
                .name("latchkey_key_propagation_seconds")
                .help("From a key's change in Redis to its being applied on this node.")
                .withoutExemplars()
                .classicUpperBounds(0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5)
                .register(meters);
    }

    /** The changes that follow {@code epoch}; if some between are gone, nothing in memory is believed. */
    void apply(List<StreamMessage<String, String>> changes, long epoch) {
        if (epochOf(changes.getFirst()) != epoch + 1) {
            log.warn(
                    "changes between epoch {} and {} are gone; all cached keys are dropped",
                    epoch,
                    epochOf(changes.getFirst()));
            cache.forget();
        }
        Set<String> changed = new LinkedHashSet<>();
        boolean flush = false;
        boolean all = false;
        for (StreamMessage<String, String> change : changes) {
            flush |= change.getBody().containsKey("flush");
            all |= ALL.equals(change.getBody().get("flush"));
            String id = change.getBody().get("key");
            if (id != null) {
                changed.add(id);
            }
        }
        refresh(changed);
        if (flush) {
            evidence.write();
        }
        if (all) {
            events.publishEvent(new Flushed());
        }
    }

    /** They are applied now. */
    void measure(List<StreamMessage<String, String>> changes) {
        long now = time.millis();
        for (StreamMessage<String, String> change : changes) {
            String sent = change.getBody().get("at");
            if (sent != null) {
                propagation.observe(Math.max(0, now - Long.parseLong(sent)) / 1000.0);
            }
        }
    }

    private void refresh(Set<String> changed) {
        List<String> held = changed.stream().filter(cache::holds).toList();
        changed.forEach(id -> {
            if (!held.contains(id)) {
                cache.changed(id);
            }
        });
        long readAt = System.nanoTime();
        try {
            store.load(held).forEach(key -> cache.refresh(key, readAt));
        } catch (RuntimeException e) {
            held.forEach(cache::changed);
            throw e;
        }
    }

    /** Each change's id is its epoch. */
    static long epochOf(StreamMessage<String, String> change) {
        return Long.parseLong(change.getId().substring(0, change.getId().indexOf('-')));
    }
}
