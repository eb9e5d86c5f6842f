package io.latchkey.keys;

import io.latchkey.audit.Act;
import io.latchkey.keys.Key.Kind;
import io.latchkey.keys.KeyChanges.Minted;
import io.latchkey.keys.Secret.Standing;
import io.latchkey.problems.Refused;
import io.latchkey.store.Peppers;
import io.latchkey.store.StartRefused;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/** Admin tokens: keys of another kind, with one role as their scope, never listed among the keys. */
@Component
public class OperatorTokens {
    /** What people choose is soon tried out by who has a copy of Redis and the pepper. */
    private static final int SHORTEST = 16;

    private static final String ENV = "admin";
    private static final String BOOTSTRAP = "bootstrap";
    private static final int PAGE = 500;

    private final KeyStore store;
    private final KeyChanges changes;
    private final Evidence evidence;
    private final Peppers peppers;
    private final InstantSource time;

    OperatorTokens(KeyStore store, KeyChanges changes, Evidence evidence, Peppers peppers, InstantSource time) {
        this.store = store;
        this.changes = changes;
        this.evidence = evidence;
        this.peppers = peppers;
        this.time = time;
    }

    /** A token for the bootstrap operator. */
    public String make() {
        return Token.mint(ENV, BOOTSTRAP, new SecureRandom());
    }

    /** Refuses the start with a token that the bootstrap operator cannot have; before anything is asked of the store. */
    public static void requireUsable(String token, String from) {
        Token parsed = Token.parse(token);
        if (token.length() < SHORTEST
                || parsed == null
                || (parsed.keyId() != null && !parsed.keyId().equals(BOOTSTRAP))) {
            throw new StartRefused(
                    from + " is not usable",
                    "Use " + SHORTEST + " to 256 printable characters that do not start with lk_.");
        }
    }

    /**
     * Makes the bootstrap operator's token work; an earlier one is superseded. A token that was superseded or revoked
     * before stays so, so that a node that restarts with an old environment changes nothing.
     */
    public Key ensure(String token, String role, Duration overlap, Act act) {
        Presented presented = Presented.of(token, peppers);
        Secret next = changes.adopt(presented.sha256(), Token.last4(token));
        try {
            return changes.createFirst(key(BOOTSTRAP, BOOTSTRAP, role, null, next), act)
                    .orElseGet(() -> changes.changeQuietly(Kind.ADMIN, BOOTSTRAP, act, key -> {
                        boolean known = presented.secretOf(key) != null;
                        return new KeyChange(key, known ? key : succeeded(key, next, overlap));
                    }));
        } catch (Refused e) {
            throw new StartRefused("ADMIN_TOKEN cannot be used: " + e.detail(), "Set it to a value of its own.");
        }
    }

    /** A new token for an operator. */
    public Created create(String name, String role, @Nullable Instant expiresAt, Act act) {
        if (Deadlines.reached(expiresAt, time.instant())) {
            throw KeyForms.wrong("expiresAt", "must be in the future");
        }
        String id = changes.newId();
        Minted minted = changes.mint(id, ENV, Standing.ACTIVE, null);
        Key key = changes.create(key(id, name, role, expiresAt, minted.secret()), act, null)
                .key();
        return new Created(view(key), String.valueOf(minted.token()));
    }

    /** A token that was made now; {@code token} is known only here. */
    public record Created(Operator operator, String token) {}

    /** An admin token as other operators see it. */
    public record Operator(
            String id,
            String name,
            String role,
            String state,
            Instant createdAt,
            @Nullable Instant expiresAt,
            List<Sign> secrets) {}

    /** One secret of an admin token. */
    public record Sign(
            String id,
            String state,
            String last4,
            Instant createdAt,
            @Nullable Instant notAfter,
            @Nullable Instant lastUsedAt,
            String pepper) {}

    public List<Operator> list() {
        List<Operator> all = new ArrayList<>();
        List<String> ids = store.ids(Kind.ADMIN, null, PAGE);
        while (!ids.isEmpty()) {
            store.load(ids).forEach(key -> all.add(view(key)));
            ids = store.ids(Kind.ADMIN, ids.getLast(), PAGE);
        }
        return all;
    }

    public Operator revoke(String id, Act act) {
        return view(changes.change(
                Kind.ADMIN,
                id,
                act,
                key -> new KeyChange(key, key.revokedAt() == null ? key.revoked(time.instant()) : key)));
    }

    private Operator view(Key key) {
        KeyView view = KeyView.of(key, evidence.of(key.id()), time.instant());
        return new Operator(
                view.id(),
                view.name(),
                view.scopes().getFirst(),
                view.state(),
                view.createdAt(),
                view.expiresAt(),
                view.secrets().stream()
                        .map(secret -> new Sign(
                                secret.id(),
                                secret.state(),
                                secret.last4(),
                                secret.createdAt(),
                                secret.notAfter(),
                                secret.lastUsedAt(),
                                secret.pepper()))
                        .toList());
    }

    private Key succeeded(Key key, Secret next, Duration overlap) {
        Instant now = time.instant();
        if (key.revokedAt() != null) {
            return key.reissued(next);
        }
        Key old = key.current()
                .map(secret -> key.with(secret.id(), was -> was.superseded(now.plus(overlap))))
                .orElse(key);
        return old.plus(next, now);
    }

    private Key key(String id, String name, String role, @Nullable Instant expiresAt, Secret secret) {
        KeyProfile profile = KeyProfile.named(name, ENV, List.of(role), expiresAt);
        return new Key(id, Kind.ADMIN, profile, time.instant(), false, null, List.of(secret), 0);
    }
}
