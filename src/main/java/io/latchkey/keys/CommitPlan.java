package io.latchkey.keys;

import io.latchkey.audit.Link;
import io.latchkey.keys.Key.Kind;
import io.latchkey.keys.KeyStore.Guard;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.json.JsonMapper;

/** What {@code commit.lua} is told: each key's new record, and what that moves in the sets beside it. */
record CommitPlan(
        @Nullable Link link, List<Guard> guards, @Nullable String onlyIfEmpty, String incarnation, List<Step> changes) {

    CommitPlan {
        guards = List.copyOf(guards);
        changes = List.copyOf(changes);
    }

    static CommitPlan of(
            List<KeyChange> changes,
            @Nullable Link link,
            List<Guard> guards,
            @Nullable Kind onlyIfEmpty,
            JsonMapper json,
            Instant now) {
        return new CommitPlan(
                link,
                guards,
                onlyIfEmpty == null ? null : KeyStore.index(onlyIfEmpty),
                UUID.randomUUID().toString(),
                changes.stream().map(change -> step(change, json, now)).toList());
    }

    private static Step step(KeyChange change, JsonMapper json, Instant now) {
        Key after = change.after();
        List<Usable> add = new ArrayList<>();
        Set<String> kept = new HashSet<>();
        Set<String> peppers = new HashSet<>();
        List<String> point = new ArrayList<>();
        for (Secret secret : after.secrets()) {
            kept.add(secret.digest());
            peppers.add(secret.pepper());
            if (secret.indirect()) {
                point.add(secret.digest());
            }
            if (after.kind() == Kind.API && !after.disabled() && after.usable(secret, now)) {
                Instant deadline = after.deadline(secret);
                add.add(new Usable(secret.digest(), deadline == null ? 0 : deadline.toEpochMilli()));
            }
        }
        List<Secret> before = change.secretsBefore();
        List<String> remove = before.stream().map(Secret::digest).toList();
        List<String> unpoint = before.stream()
                .filter(Secret::indirect)
                .map(Secret::digest)
                .filter(digest -> !kept.contains(digest))
                .toList();
        Instant due = after.kind() == Kind.API ? after.rotationDue() : null;
        return new Step(
                after.id(),
                KeyStore.index(after.kind()),
                change.before() == null ? 0 : change.before().version(),
                json.writeValueAsString(after),
                remove,
                add,
                point,
                unpoint,
                List.copyOf(peppers),
                due == null ? 0 : due.toEpochMilli(),
                change.rotations());
    }

    /** One key: its record, the digests that stop and begin to be usable, and what points to it. */
    record Step(
            String id,
            String index,
            long version,
            String record,
            List<String> remove,
            List<Usable> add,
            List<String> point,
            List<String> unpoint,
            List<String> peppers,
            long due,
            List<KeyChange.Companion> rotations) {}

    record Usable(String digest, long deadline) {}
}
