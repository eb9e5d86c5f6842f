package io.latchkey.keys;

import io.latchkey.audit.Act;
import io.latchkey.keys.KeyStore.Outcome;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/** Brings keys of elsewhere into the store, a batch in one step; what is already here is left as it is. */
@Component
class KeyImports {
    private final KeyStore store;
    private final AuditedCommits commits;

    KeyImports(KeyStore store, AuditedCommits commits) {
        this.store = store;
        this.commits = commits;
    }

    /** What became of one imported key: {@code created}, {@code unchanged} or {@code refused}. */
    record Imported(String id, String status, @Nullable String error) {}

    /** Writes those that are new in one step; a key or a token that is already here is left as it is. */
    List<Imported> importAll(List<Key> keys, Act act) {
        for (int round = 0; round < KeyChanges.ROUNDS_MAX && !keys.isEmpty(); round++) {
            Map<String, String> errors = refusedImports(keys);
            Set<String> seen = new HashSet<>();
            List<KeyChange> page = keys.stream()
                    .filter(key -> !errors.containsKey(key.id()) && seen.add(key.id()))
                    .map(key -> new KeyChange(null, key))
                    .toList();
            if (page.isEmpty() || commits.commitAll(page, act, "keys") instanceof Outcome.Done) {
                seen.clear();
                return keys.stream()
                        .map(key -> imported(key, errors, seen.add(key.id())))
                        .toList();
            }
        }
        if (keys.isEmpty()) {
            return List.of();
        }
        throw KeyChanges.contended();
    }

    private static Imported imported(Key key, Map<String, String> errors, boolean first) {
        String error = first ? errors.get(key.id()) : "the same key is on an earlier line";
        if (error == null) {
            return new Imported(key.id(), "created", null);
        }
        return new Imported(key.id(), error.isEmpty() ? "unchanged" : "refused", error.isEmpty() ? null : error);
    }

    /** By key id: empty when the very same is stored already, else why it cannot be. */
    private Map<String, String> refusedImports(List<Key> keys) {
        Map<String, String> errors = new HashMap<>();
        Map<String, String> owners = new HashMap<>(store.ownersOf(keys.stream()
                .flatMap(key -> key.secrets().stream())
                .filter(Secret::indirect)
                .map(Secret::digest)
                .distinct()
                .toList()));
        Map<String, Key> stored = new HashMap<>();
        store.load(keys.stream().map(Key::id).distinct().toList()).forEach(key -> stored.put(key.id(), key));
        for (Key key : keys) {
            Key held = stored.get(key.id());
            if (held != null) {
                errors.put(key.id(), held.withVersion(0).equals(key) ? "" : "a key with this id is already here");
            }
            for (Secret secret : key.secrets()) {
                String owner = secret.indirect() ? owners.putIfAbsent(secret.digest(), key.id()) : null;
                if (owner != null && !owner.equals(key.id())) {
                    errors.put(key.id(), "key " + owner + " already has this token");
                }
            }
        }
        return errors;
    }
}
