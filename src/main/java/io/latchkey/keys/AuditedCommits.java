package io.latchkey.keys;

import io.latchkey.audit.Act;
import io.latchkey.audit.Audit;
import io.latchkey.audit.Link;
import io.latchkey.keys.Key.Kind;
import io.latchkey.keys.KeyStore.Guard;
import io.latchkey.keys.KeyStore.Outcome;
import io.latchkey.store.Peppers;
import java.time.InstantSource;
import java.util.HexFormat;
import java.util.List;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/** Writes decided changes together with their audit entry, or neither; this node's cache hears of them first. */
@Component
class AuditedCommits {
    private final KeyStore store;
    private final NearCache cache;
    private final Audit audit;
    private final InstantSource time;

    AuditedCommits(KeyStore store, NearCache cache, Audit audit, InstantSource time) {
        this.store = store;
        this.cache = cache;
        this.audit = audit;
        this.time = time;
    }

    /** Writes into the audit log what changes no key. */
    void record(Act act, String target) {
        audit.append(act, target, "done");
    }

    Outcome commit(KeyChange change, Act act, String target, List<Guard> guards, @Nullable Kind onlyIfEmpty) {
        return commit(change, act, target, guards, onlyIfEmpty, /* told= */ true);
    }

    /** Of a page the entry says which keys, and not what they were. */
    Outcome commitAll(List<KeyChange> page, Act act, String target) {
        return written(store.commit(
                page, audit.next(act, target, "done", null, Lines.of(page)), List.of(), null, /* told= */ true));
    }

    /** One that no operator is told of, and that is made again if a fail-over undoes it. */
    Outcome commitQuietly(KeyChange change, Act act) {
        return commit(change, act, change.after().id(), List.of(), null, /* told= */ false);
    }

    private Outcome commit(
            KeyChange change, Act act, String target, List<Guard> guards, @Nullable Kind onlyIfEmpty, boolean told) {
        Link link = audit.next(act, target, "done", audited(change.before()), audited(change.after()));
        return written(store.commit(List.of(change), link, guards, onlyIfEmpty, told));
    }

    /** The same secret under another digest: nothing that an operator decided, so nothing in the audit log. */
    void rehash(String id, UnaryOperator<Key> change) {
        Key key = store.load(id);
        if (key != null) {
            Key after = change.apply(key);
            if (!after.equals(key)) {
                written(store.commit(List.of(new KeyChange(key, after)), null, List.of(), null, /* told= */ false));
            }
        }
    }

    private Outcome written(Outcome outcome) {
        if (outcome instanceof Outcome.Done done) {
            long readAt = System.nanoTime();
            done.keys().forEach(key -> cache.refresh(key, readAt));
        }
        return outcome;
    }

    private @Nullable Object audited(@Nullable Key key) {
        return key == null ? null : KeyView.of(key.withVersion(0), null, time.instant());
    }

    /** A batch in the audit log: how many lines, and a digest from which each can be proved. */
    private record Lines(int lines, String sha256, List<String> ids) {
        static Lines of(List<KeyChange> page) {
            List<String> ids = page.stream().map(change -> change.after().id()).toList();
            return new Lines(ids.size(), HexFormat.of().formatHex(Peppers.sha256(String.join("\n", ids))), ids);
        }
    }
}
