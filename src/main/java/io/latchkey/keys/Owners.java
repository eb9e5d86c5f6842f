package io.latchkey.keys;

import io.latchkey.audit.Act;
import io.latchkey.audit.Audit;
import io.latchkey.keys.Key.Kind;
import io.latchkey.keys.KeyChanges.Reached;
import io.latchkey.store.Peppers;
import io.latchkey.store.Redis;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
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
    private final Audit audit;
    private final List<KeptAboutOwner> kept;
    private final Redis redis;
    private final JsonMapper json;
    private final InstantSource time;

    Owners(
            KeyStore store,
            KeyChanges changes,
            Evidence evidence,
            EvidenceCall everyNode,
            Audit audit,
            List<KeptAboutOwner> kept,
            Redis redis,
            JsonMapper json,
            InstantSource time) {
        this.store = store;
        this.changes = changes;
        this.evidence = evidence;
        this.everyNode = everyNode;
        this.audit = audit;
        this.kept = List.copyOf(kept);
        this.redis = redis;
        this.json = json;
        this.time = time;
    }

    /** Takes one item; {@code kind} says what it is. */
    interface Lines {
        void item(String kind, ObjectNode item);
    }

    /** What was found, what was forgotten, and who has heard of it. */
    record Erased(long keys, long erased, @Nullable Reached reached) {}

    void tell(String owner, Lines lines) {
        everyNode.call();
        List<Key> keys = keysOf(owner);
        List<String> ids = keys.stream().map(Key::id).toList();
        for (Key key : keys) {
            lines.item("key", json.valueToTree(KeyView.of(key, evidence.of(key.id()), time.instant())));
            for (String rotation : store.rotations(key.id()).values()) {
                lines.item("rotation", ((ObjectNode) json.readTree(rotation)).put("keyId", key.id()));
            }
            for (Secret secret : key.secrets()) {
                for (Evidence.Seen seen : evidence.callers(key.id(), secret.id())) {
                    ObjectNode caller = json.valueToTree(seen);
                    lines.item("caller", caller.put("keyId", key.id()).put("secretId", secret.id()));
                }
            }
        }
        for (KeptAboutOwner each : kept) {
            each.of(owner, ids).forEach(item -> lines.item(each.kind(), json.valueToTree(item)));
        }
        Set<String> known = Set.copyOf(ids);
        audit.readAll(entry -> {
            if (json.readTree(entry) instanceof ObjectNode act && isAbout(act, owner, known)) {
                lines.item("audit", act);
            }
        });
    }

    private static boolean isAbout(JsonNode act, String owner, Set<String> ids) {
        return ids.contains(act.path("target").asString())
                || owner.equals(act.at("/before/owner").asString())
                || owner.equals(act.at("/after/owner").asString())
                || act.at("/after/ids").valueStream().anyMatch(id -> ids.contains(id.asString()));
    }

    /**
     * Revokes the owner's keys and takes out of them all that an operator wrote; what was seen of them is deleted. Their
     * ids and digests stay, so that no token of theirs works again; so does the audit log.
     */
    Erased erase(String owner, Act act, boolean dryRun) {
        List<Key> keys = keysOf(owner);
        if (dryRun) {
            return new Erased(keys.size(), 0, null);
        }
        List<String> ids = keys.stream().map(Key::id).toList();
        Predicate<Key> isOf = key -> key.profile().owner().equals(owner);
        long erased = 0;
        for (int from = 0; from < ids.size(); from += BATCH) {
            erased += changes.changeAll(
                            ids.subList(from, Math.min(from + BATCH, ids.size())),
                            act,
                            pseudonym(owner),
                            key -> isOf.test(key) ? Optional.of(blank(key)) : Optional.empty())
                    .size();
        }
        // What the nodes still hold in memory would be written later.
        Reached reached = everyNode.call();
        for (Key key : keys) {
            List<String> names = new ArrayList<>(List.of("used:" + key.id(), "rotations:" + key.id()));
            key.secrets().forEach(secret -> names.add("callers:" + key.id() + ':' + secret.id()));
            redis.onAdmin(commands -> commands.del(
                    names.stream().map(name -> KeyStore.PREFIX + name).toArray(String[]::new)));
        }
        kept.forEach(each -> each.forget(owner, ids));
        return new Erased(keys.size(), erased, reached);
    }

    private Key blank(Key key) {
        KeyProfile nothing = KeyProfile.named(NOBODY, key.profile().env(), List.of(), null);
        return (key.revokedAt() == null ? key.revoked(time.instant()) : key).withProfile(nothing);
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
