package io.latchkey.keys;

import io.latchkey.audit.Act;
import io.latchkey.keys.Key.Kind;
import io.latchkey.keys.Secret.Standing;
import io.latchkey.problems.Refused;
import io.latchkey.store.Peppers;
import io.latchkey.store.Redis;
import io.latchkey.store.StartRefused;
import io.latchkey.store.StoreReady;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.context.ApplicationEventPublisher;
import org.springframework.context.event.EventListener;
import org.springframework.core.annotation.Order;
import org.springframework.stereotype.Component;

/** What must be true of the key store before this node serves: its peppers are held, and the first key is there. */
@Component
class Seeding {
    private static final Logger log = LoggerFactory.getLogger(Seeding.class);
    private static final String ONCE = "seeded";
    private static final int PAGE = 500;

    private final KeyStore store;
    private final KeyChanges changes;
    private final Peppers peppers;
    private final Redis redis;
    private final KeysProperties properties;
    private final ApplicationEventPublisher events;
    private final InstantSource time;

    Seeding(
            KeyStore store,
            KeyChanges changes,
            Peppers peppers,
            Redis redis,
            KeysProperties properties,
            ApplicationEventPublisher events,
            InstantSource time) {
        this.store = store;
        this.changes = changes;
        this.peppers = peppers;
        this.redis = redis;
        this.properties = properties;
        this.events = events;
        this.time = time;
    }

    @EventListener
    @Order(20)
    void seed(StoreReady ready) {
        if (!properties.legacyKey().isEmpty()) {
            seedLegacy(properties.legacyKey());
        } else if (redis.isFreshEmbedded() && !redis.isReady()) {
            // Not later, when a store was emptied: nobody would be told the token.
            seedDemo();
        }
    }

    private void seedLegacy(String text) {
        Token token = Token.parse(text);
        if (token == null) {
            throw new StartRefused(
                    "API_KEY is not a usable key",
                    "Use 8 to 256 printable characters; a value that starts with lk_ must be a whole token of this"
                            + " gateway.");
        }
        Secret secret = changes.adopt(Peppers.sha256(text), Token.last4(text));
        String id = Optional.ofNullable(token.keyId()).orElseGet(changes::newId);
        try {
            changes.seed(key(id, "seeded from API_KEY", "live", secret), Act.ofGateway("key.seed"), ONCE)
                    .ifPresent(key -> log.info("API_KEY was seeded as key {}", key.id()));
        } catch (Refused e) {
            throw new StartRefused("API_KEY cannot be seeded: " + e.detail(), "Set it to a value of its own.");
        }
    }

    private void seedDemo() {
        String id = changes.newId();
        KeyChanges.Minted minted = changes.mint(id, "demo", Standing.ACTIVE, null);
        changes.seed(key(id, "demo", "demo", minted.secret()), Act.ofGateway("key.seed"), ONCE)
                .ifPresent(key -> events.publishEvent(new DemoKeyMade(String.valueOf(minted.token()))));
    }

    private Key key(String id, String name, String env, Secret secret) {
        KeyProfile profile = KeyProfile.named(name, env, List.of(), null);
        return new Key(id, Kind.API, profile, time.instant(), false, null, List.of(secret), 0);
    }

    /** A pepper that stored secrets still need must not be missing: their callers would all be unknown. */
    @EventListener
    @Order(5)
    void refuseDroppedPeppers(StoreReady ready) {
        for (String pepperId : store.peppersUsed()) {
            if (peppers.byId(pepperId).isEmpty()) {
                long users = countUsers(pepperId);
                if (users > 0) {
                    throw new StartRefused(
                            users + " usable secrets are hashed with pepper " + pepperId
                                    + ", which this node does not hold",
                            "Set LATCHKEY_PEPPER_PREVIOUS to that pepper until GET /admin/keys?pepper=previous is empty and"
                                    + " GET /admin/tokens shows it no more.");
                }
                store.forgetPepper(pepperId);
            }
        }
    }

    private long countUsers(String pepperId) {
        long users = 0;
        for (Kind kind : Kind.values()) {
            List<String> ids = store.ids(kind, null, PAGE);
            while (!ids.isEmpty()) {
                for (Key key : store.load(ids)) {
                    users += key.secrets().stream()
                            .filter(secret -> secret.pepper().equals(pepperId) && key.usable(secret, time.instant()))
                            .count();
                }
                ids = store.ids(kind, ids.getLast(), PAGE);
            }
        }
        return users;
    }
}
