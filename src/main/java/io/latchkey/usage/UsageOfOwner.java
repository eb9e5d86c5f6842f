package io.latchkey.usage;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonUnwrapped;
import io.latchkey.keys.KeptAboutOwner;
import io.latchkey.keys.Key;
import io.latchkey.usage.UsageSeries.Used;
import io.latchkey.usage.UsageStore.Whose;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/** The series of an owner and of its keys, as long as they are kept. */
@Component
final class UsageOfOwner implements KeptAboutOwner {
    private final UsageStore store;
    private final UsageProperties properties;
    private final InstantSource time;

    UsageOfOwner(UsageStore store, UsageProperties properties, InstantSource time) {
        this.store = store;
        this.properties = properties;
        this.time = time;
    }

    /** One hour of one route; without a key, of all keys together. */
    record Hour(
            @JsonInclude(JsonInclude.Include.NON_NULL) @Nullable
            String keyId,

            Instant at,
            String route,
            @JsonUnwrapped Used used) {}

    @Override
    public String kind() {
        return "usage";
    }

    @Override
    public Stream<Hour> of(String owner, List<Key> keys) {
        return Stream.concat(
                hours(null, Whose.owner(owner)), keys.stream().flatMap(key -> hours(key.id(), Whose.key(key.id()))));
    }

    private Stream<Hour> hours(@Nullable String keyId, Whose whose) {
        return store.read(whose, first(), last()).stream()
                .map(entry -> new Hour(
                        keyId,
                        Instant.EPOCH.plus(entry.hour(), ChronoUnit.HOURS),
                        entry.route(),
                        Used.of(entry.sums())));
    }

    @Override
    public void forget(String owner, List<Key> keys) {
        store.delete(Whose.owner(owner), first(), last());
        keys.forEach(key -> store.delete(Whose.key(key.id()), first(), last()));
    }

    private long first() {
        return Cell.hourOf(time.instant().minus(properties.keep()).toEpochMilli());
    }

    private long last() {
        return Cell.hourOf(time.millis()) + 1;
    }
}
