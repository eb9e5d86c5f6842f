package io.latchkey.keys;

import io.latchkey.audit.Act;
import io.latchkey.audit.Audit;
import io.latchkey.keys.Key.Kind;
import io.latchkey.keys.KeyChanges.Reached;
import io.latchkey.store.Peppers;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** All that is kept about an owner of keys: told as a whole, or forgotten as a whole. */
@Component
class Owners {
    private static final int BATCH = 500;
    private static final String NOBODY = "erased";

    private final KeyStore store;
    private final KeyChanges changes;
    private final Evidence evidence;
    private final EvidenceCall everyNode;
    private final AuditedCommits commits;
    private final Audit audit;
    private final List<KeptAboutOwner> kept;
    private final JsonMapper json;
    private final InstantSource time;

    Owners(
            KeyStore store,
            KeyChanges changes,
            Evidence evidence,
            EvidenceCall everyNode,
            AuditedCommits commits,
            Audit audit,
            List<KeptAboutOwner> kept,
            JsonMapper json,
            InstantSource time) {
        this.store = store;
        this.changes = changes;
        this.evidence = evidence;
        this.everyNode = everyNode;
        this.commits = commits;
        this.audit = audit;
        this.kept = List.copyOf(kept);
        this.json = json;
        this.time = time;
    }

    /** Takes one item; {@code kind} says what it is. */
    interface Lines {
        void item(String kind, ObjectNode item);
    }

    /** What was found, what was forgotten, and who has heard of it; until all nodes have, nothing is over. */
    record Erased(long keys, long erased, @Nullable Reached reached) {}

    /** Answers who has heard of it: what the others still hold in memory is not in it. */
    Reached tell(String owner, Lines lines) {
        Reached reached = everyNode.callForAll();
        List<Key> keys = keysOf(owner);
        for (Key key : keys) {
            lines.item("key", json.valueToTree(KeyView.of(key, evidence.of(key.id()), time.instant())));
            for (String rotation : store.rotations(key.id()).values()) {
                lines.item("rotation", ((ObjectNode) json.readTree(rotation)).put("keyId", key.id()));
            }
        }
        for (KeptAboutOwner each : kept) {
            each.of(owner, keys).forEach(item -> lines.item(each.kind(), json.valueToTree(item)));
        }
        Set<String> known = keys.stream().map(Key::id).collect(Collectors.toSet());
        audit.readAll(entry -> {
            if (json.readTree(entry) instanceof ObjectNode act && isAbout(act, owner, known)) {
                lines.item("audit", withoutOthers(act, known));
            }
        });
        return reached;
    }

    private static boolean isAbout(JsonNode act, String owner, Set<String> ids) {
        return ids.contains(act.path("target").asString())
                || owner.equals(act.at("/before/owner").asString())
                || owner.equals(act.at("/after/owner").asString())
                || act.at("/after/ids").valueStream().anyMatch(id -> ids.contains(id.asString()));
    }

    /** Neither the operator nor the keys of other owners are this owner's business. */
    private static ObjectNode withoutOthers(ObjectNode act, Set<String> ids) {
        act.remove(List.of("actor", "address"));
        if (act.at("/after/ids") instanceof ArrayNode all) {
            all.removeIf(id -> !ids.contains(id.asString()));
        }
        return act;
    }

    /**
     * Revokes the owner's keys, deletes what was seen of them, and at last takes out of them all that an operator wrote:
     * an attempt that failed finds them again. Their ids and digests stay, so that no token of theirs works again; so does
     * the audit log.
     */
    Erased erase(String owner, Act act, boolean dryRun) {
        if (dryRun) {
            return new Erased(keysOf(owner).size(), 0, null);
        }
        commits.record(act, pseudonym(owner));
        changeAll(owner, act, key -> key.revokedAt() == null ? key.revoked(time.instant()) : key);
        // What the nodes still hold in memory would be written later.
        Reached reached = everyNode.callForAll();
        List<Key> keys = keysOf(owner);
        kept.forEach(each -> each.forget(owner, keys));
        long erased = reached.everywhere() ? changeAll(owner, act, Owners::blank) : 0;
        return new Erased(keys.size(), erased, reached);
    }

    private long changeAll(String owner, Act act, UnaryOperator<Key> change) {
        List<String> ids = keysOf(owner).stream().map(Key::id).toList();
        long changed = 0;
        for (int from = 0; from < ids.size(); from += BATCH) {
            changed += changes.changeAll(
                            ids.subList(from, Math.min(from + BATCH, ids.size())),
                            act,
                            pseudonym(owner),
                            key -> Optional.of(key)
                                    .filter(each -> each.profile().owner().equals(owner))
                                    .map(change)
                                    .filter(after -> !after.equals(key)))
                    .size();
        }
        return changed;
    }

    /** Only of what is revoked: one that was made meanwhile is found the next time. */
    private static Key blank(Key key) {
        return key.revokedAt() == null
                ? key
                : key.withProfile(KeyProfile.named(NOBODY, key.profile().env(), List.of(), null));
    }

    /** Whoever knows the name can tell that it was meant. */
    static String pseudonym(String owner) {
        return "owner:" + HexFormat.of().formatHex(Peppers.sha256(owner)).substring(0, 16);
    }

    private List<Key> keysOf(String owner) {
        List<Key> keys = new ArrayList<>();
        for (List<String> ids = store.ids(Kind.API, null, BATCH);
                !ids.isEmpty();
                ids = store.ids(Kind.API, ids.getLast(), BATCH)) {
            store.load(ids).stream()
                    .filter(key -> key.profile().owner().equals(owner))
                    .forEach(keys::add);
        }
        return keys;
    }
}
