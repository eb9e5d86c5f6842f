package io.latchkey.cache;

import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/** All stored answers: those of this process first, then those in Redis. */
@Component
class Library {
    private final NearTier near;
    private final FarTier far;
    private final Purges purges;
    private final InstantSource time;
    private final long longest;

    Library(NearTier near, FarTier far, Purges purges, InstantSource time, CacheProperties properties) {
        this.near = near;
        this.far = far;
        this.purges = purges;
        this.time = time;
        this.longest = properties.longest().toMillis();
    }

    /**
     * What was found, and under which circumstances; an answer fetched under them is kept only if they still hold.
     *
     * @param answer null when there is none for this request
     * @param believed whether nobody can have invalidated it without this node knowing, but for the last seconds
     * @param forks where its answer would be, when there are answers to other forms of it
     * @param asked whether Redis said anything
     * @param epoch what it said; null for a resource that it does not know
     */
    record Find(
            @Nullable StoredAnswer answer,
            boolean believed,
            List<Place> forks,
            boolean asked,
            @Nullable String epoch,
            long fence,
            long purge) {
        Find {
            forks = List.copyOf(forks);
        }

        /** The same, for who was told that the answer found is not what the upstream meant. */
        Find withoutAnswer() {
            return new Find(null, false, forks, asked, epoch, fence, purge);
        }
    }

    /** The cheap half: what this process can answer with at once, null otherwise. */
    @Nullable
    StoredAnswer atHand(List<Place> places, Ask ask) {
        long now = time.millis();
        for (Place place : places) {
            NearTier.Copy copy = copy(place, ask);
            if (copy != null
                    && copy.slot instanceof StoredAnswer answer
                    && near.isBelieved(copy)
                    && isLiving(answer, now)
                    && ask.takes(answer, now)) {
                return answer;
            }
        }
        return null;
    }

    Find find(List<Place> places, Ask ask) {
        long now = time.millis();
        long purge = purges.last();
        long fence = near.fence(places.getFirst());
        StoredAnswer reserve = null;
        boolean lately = false;
        List<Place> forks = new ArrayList<>();
        for (Place place : places) {
            NearTier.Copy copy = copy(place, ask);
            if (copy != null && copy.slot instanceof Slot.Fork fork) {
                forks.add(place.fork(fork.names(), ask));
            }
            if (copy == null || !(copy.slot instanceof StoredAnswer answer)) {
                continue;
            }
            if (!isLiving(answer, now) || !ask.mayHave(answer)) {
                continue;
            }
            reserve = answer;
            lately = near.isBelieved(copy);
            if (ask.takes(answer, now) && (near.isBelieved(copy) || confirmed(place, copy))) {
                return new Find(answer, true, forks, !answer.epoch().isEmpty(), answer.epoch(), fence, purge);
            }
        }
        FarTier.Found found = purges.isCurrent() ? far.find(places) : FarTier.Found.NOTHING;
        if (!found.asked()) {
            return new Find(reserve, false, forks, false, null, fence, purge);
        }
        forks.clear();
        StoredAnswer best = null;
        for (int i = 0; i < places.size(); i++) {
            Slot slot = found.slots().get(i);
            if (slot instanceof Slot.Fork fork) {
                near.put(places.get(i), fork, fence);
                forks.add(places.get(i).fork(fork.names(), ask));
            } else {
                best = better(best, accepted(places.get(i), slot, ask, now, fence), ask, now);
            }
        }
        if (!forks.isEmpty()) {
            List<@Nullable Slot> slots = far.find(forks).slots();
            for (int i = 0; i < slots.size(); i++) {
                best = better(best, accepted(forks.get(i), slots.get(i), ask, now, fence), ask, now);
            }
        }
        // It may be on its way to Redis still.
        if (best == null && reserve != null && (lately || reserve.epoch().equals(found.epoch()))) {
            best = reserve;
        }
        return new Find(best, true, forks, true, found.epoch(), fence, purge);
    }

    private NearTier.@Nullable Copy copy(Place place, Ask ask) {
        NearTier.Copy copy = near.get(place);
        if (copy != null && copy.slot instanceof Slot.Fork fork) {
            NearTier.Copy variant = near.get(place.fork(fork.names(), ask));
            return variant == null ? copy : variant;
        }
        return copy;
    }

    private boolean confirmed(Place place, NearTier.Copy copy) {
        boolean stands = purges.isCurrent() && far.stands(place, copy.slot.epoch());
        if (stands) {
            copy.confirm();
        }
        return stands;
    }

    private @Nullable StoredAnswer accepted(Place place, @Nullable Slot slot, Ask ask, long now, long fence) {
        if (slot instanceof StoredAnswer answer
                && isLiving(answer, now)
                && ask.mayHave(answer)
                && !purges.covers(place, answer)) {
            near.put(place, answer, fence);
            return answer;
        }
        return null;
    }

    private static @Nullable StoredAnswer better(
            @Nullable StoredAnswer one, @Nullable StoredAnswer other, Ask ask, long now) {
        return one == null || (other != null && !ask.takes(one, now)) ? other == null ? one : other : one;
    }

    private boolean isLiving(StoredAnswer answer, long now) {
        return now - answer.receivedAt() < longest && answer.usableFor(now) > 0;
    }

    /** Keeps an answer that was fetched under the circumstances of {@code find}; returns it as it was kept. */
    StoredAnswer keep(Place place, Ask ask, Find find, StoredAnswer fetched) {
        String epoch = !find.asked() ? "" : find.epoch() == null ? FarTier.newEpoch() : find.epoch();
        StoredAnswer answer = new StoredAnswer(
                fetched.head(),
                fetched.body(),
                fetched.terms(),
                fetched.receivedAt(),
                fetched.initialAge(),
                fetched.vary(),
                fetched.tags(),
                find.purge(),
                epoch);
        List<Place> places = List.of(place);
        List<Slot> slots = List.of(answer);
        if (!answer.vary().isEmpty()) {
            places = List.of(place, place.fork(answer.vary(), ask));
            slots = List.of(new Slot.Fork(answer.vary(), epoch), answer);
        }
        for (int i = 0; i < places.size(); i++) {
            near.put(places.get(i), slots.get(i), find.fence());
        }
        if (find.asked()) {
            long millis = Math.min(longest, answer.usableFor(time.millis()));
            if (millis > 0) {
                far.put(places, slots, find.epoch() == null ? "" : find.epoch(), millis);
            }
        }
        return answer;
    }

    /** What was stored for this resource is no longer true, for nobody. */
    void invalidate(Place place) {
        near.invalidate(place);
        far.invalidate(place);
    }
}
