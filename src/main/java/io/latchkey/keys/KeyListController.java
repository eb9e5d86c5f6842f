package io.latchkey.keys;

import io.latchkey.keys.Key.Kind;
import io.latchkey.keys.Key.State;
import io.latchkey.problems.Refusal;
import io.latchkey.problems.Refused;
import io.latchkey.store.Peppers;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;

/** Lists keys, newest first, in pages whose cost does not depend on how many keys there are. */
@RestController
class KeyListController {
    private static final int LIMIT_MAX = 100;

    /** A filtered page looks at so many keys for each asked for, then it is short and says where to go on. */
    private static final int SCAN_FACTOR = 10;

    private final KeyStore store;
    private final Evidence evidence;
    private final Peppers peppers;
    private final InstantSource time;

    KeyListController(KeyStore store, Evidence evidence, Peppers peppers, InstantSource time) {
        this.store = store;
        this.evidence = evidence;
        this.peppers = peppers;
        this.time = time;
    }

    /** One page; {@code next} is null at the end. */
    record Page(List<KeyView> items, @Nullable String next) {}

    /** Lists keys, newest first; a filtered page may be short and still have a {@code next}. */
    @GetMapping("/admin/keys")
    Page list(
            @RequestParam @Nullable String owner,
            @RequestParam @Nullable String tag,
            @RequestParam @Nullable String state,
            @RequestParam @Nullable String env,
            @RequestParam @Nullable String pepper,
            @RequestParam @Nullable Instant unusedSince,
            @RequestParam @Nullable Boolean overdue,
            @RequestParam(defaultValue = "50") int limit,
            @RequestParam @Nullable String cursor) {
        if (limit < 1 || limit > LIMIT_MAX) {
            throw KeyForms.wrong("limit", "must be 1 to " + LIMIT_MAX);
        }
        if (state != null && Arrays.stream(State.values()).noneMatch(known -> state.equals(word(known)))) {
            throw KeyForms.wrong("state", "must be active, disabled, expired or revoked");
        }
        Instant now = time.instant();
        Predicate<Key> wanted =
                key -> (owner == null || owner.equals(key.profile().owner()))
                        && (tag == null || key.profile().tags().contains(tag))
                        && (env == null || env.equals(key.profile().env()))
                        && (state == null || state.equals(word(key.state(now))))
                        && (pepper == null || hashedWith(key, pepper, now))
                        && (overdue == null || overdue == Deadlines.reached(key.rotationDue(), now));
        return page(wanted, unusedSince, limit, cursor, now);
    }

    private Page page(
            Predicate<Key> wanted, @Nullable Instant unusedSince, int limit, @Nullable String cursor, Instant now) {
        List<KeyView> items = new ArrayList<>();
        String position = cursor == null || Base62.isBase62(cursor, 0, cursor.length()) ? cursor : refuseCursor();
        for (int scanned = 0; scanned < limit * SCAN_FACTOR; scanned += limit) {
            List<String> ids = store.ids(Kind.API, position, limit);
            List<Key> keys = store.load(ids).stream().filter(wanted).toList();
            List<Evidence.Uses> uses = evidence.of(keys.stream().map(Key::id).toList());
            for (int i = 0; i < keys.size(); i++) {
                Key key = keys.get(i);
                if (unusedSince == null || unused(key, uses.get(i), unusedSince)) {
                    items.add(KeyView.of(key, uses.get(i), now));
                    if (items.size() == limit) {
                        return new Page(items, key.id());
                    }
                }
            }
            if (ids.size() < limit) {
                return new Page(items, null);
            }
            position = ids.getLast();
        }
        return new Page(items, position);
    }

    private boolean hashedWith(Key key, String pepper, Instant now) {
        boolean previous = pepper.equals("previous");
        String current = peppers.current().id();
        return key.secrets().stream()
                .filter(secret -> key.usable(secret, now))
                .anyMatch(secret -> previous
                        ? !secret.pepper().equals(current)
                        : secret.pepper().equals(pepper.equals("current") ? current : pepper));
    }

    private static boolean unused(Key key, Evidence.Uses uses, Instant since) {
        return key.createdAt().isBefore(since)
                && key.secrets().stream()
                        .map(secret -> uses.lastUsedAt(secret.id()))
                        .noneMatch(used -> used != null && !used.isBefore(since));
    }

    private static String word(State state) {
        return state.name().toLowerCase(Locale.ROOT);
    }

    private static String refuseCursor() {
        throw new Refused(Refusal.BAD_REQUEST, "cursor: take it from the answer's \"next\"");
    }
}
