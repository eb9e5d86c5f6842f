package io.latchkey.keys;

import io.latchkey.audit.Act;
import io.latchkey.audit.Actor;
import io.latchkey.keys.Key.Kind;
import io.latchkey.keys.NearCache.Cached;
import io.latchkey.keys.NearCache.Fence;
import io.latchkey.keys.Secret.Standing;
import io.latchkey.problems.Problems;
import io.latchkey.problems.Refusal;
import io.latchkey.problems.Refused;
import io.latchkey.store.Peppers;
import io.latchkey.store.Redis;
import io.latchkey.store.StoreUnavailable;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/** The key check: who is calling, and may they. */
@Component
public class Keys {
    private static final Duration NEAR_EXPIRY = Duration.ofDays(7);
    private static final Duration STORE_RETRY = Duration.ofSeconds(1);

    private final NearCache cache;
    private final KeyStore store;
    private final KeyChanges changes;
    private final Upkeep upkeep;
    private final Evidence evidence;
    private final FailedAttempts failedAttempts;
    private final Nodes nodes;
    private final Peppers peppers;
    private final Redis redis;
    private final InstantSource time;

    Keys(
            NearCache cache,
            KeyStore store,
            KeyChanges changes,
            Upkeep upkeep,
            Evidence evidence,
            FailedAttempts failedAttempts,
            Nodes nodes,
            Peppers peppers,
            Redis redis,
            InstantSource time) {
        this.cache = cache;
        this.store = store;
        this.changes = changes;
        this.upkeep = upkeep;
        this.evidence = evidence;
        this.failedAttempts = failedAttempts;
        this.nodes = nodes;
        this.peppers = peppers;
        this.redis = redis;
        this.time = time;
    }

    /** How many nodes serve, as last known. */
    public int liveNodes() {
        return nodes.lastLive();
    }

    /** What an operator says about an API key; null when there is none of this id. */
    public @Nullable KeyProfile profile(String keyId) {
        Key key = store.find(keyId);
        return key == null || key.kind() != Kind.API ? null : key.profile();
    }

    /** For a route that asks for no key. */
    public Caller anonymous() {
        return Caller.ANONYMOUS;
    }

    /** The caller of a route that needs a key, and this scope if it names one. */
    public Caller authenticate(HttpServletRequest request, @Nullable String scope) {
        try {
            return verify(request, Presented.of(Presented.from(request), peppers), Kind.API, scope);
        } catch (Refused refused) {
            throw failedAttempts.counted(request.getRemoteAddr(), refused);
        }
    }

    /** The operator behind the bearer token of an admin call; an API key is as unknown here as any other string. */
    public Caller authenticateOperator(HttpServletRequest request) {
        try {
            String bearer = Presented.bearer(request);
            if (bearer == null) {
                throw new Refused(Refusal.ADMIN_TOKEN_MISSING, "Send Authorization: Bearer <admin token>.");
            }
            return verify(request, Presented.of(bearer, peppers), Kind.ADMIN, null);
        } catch (Refused failure) {
            Refused refused = failedAttempts.counted(request.getRemoteAddr(), failure);
            if (refused.refusal() != Refusal.ADMIN_TOKEN_MISSING
                    && refused.refusal().status() == Refusal.KEY_UNKNOWN.status()) {
                throw new Refused(
                        Refusal.ADMIN_TOKEN_REFUSED, "This is not a working admin token of this gateway.", refused);
            }
            throw refused;
        }
    }

    /** Tells a caller what it should know of its key: on an old secret, or when the end is near. */
    public void signal(Caller caller, HttpServletResponse response) {
        if (caller.keyId() == null) {
            return;
        }
        boolean superseded = caller.secret().is(Standing.SUPERSEDED);
        Instant end = caller.key().deadline(caller.secret());
        if (superseded) {
            response.setHeader("API-Key-Status", "superseded");
            response.addHeader("Link", "</problems/key-superseded>; rel=\"help\"");
        }
        if (end != null && (superseded || end.isBefore(time.instant().plus(NEAR_EXPIRY)))) {
            response.setHeader("API-Key-Expires", "@" + end.getEpochSecond());
            response.addHeader("Access-Control-Expose-Headers", "API-Key-Status, API-Key-Expires, Link");
        }
    }

    private Caller verify(HttpServletRequest request, Presented presented, Kind kind, @Nullable String scope) {
        long begun = System.nanoTime();
        Cached cached = cached(presented);
        // While Redis is known to be gone, only the grace decides what memory is worth.
        if (cached != null && redis.isUp() && cache.trusted(cached)) {
            Check check = Check.of(cached.key(), cached.secretOf(presented), kind, scope, request, time.instant());
            if (check.passed()) {
                if (cache.ageing(cached)) {
                    upkeep.confirmSoon(cached.key().id());
                }
                return caller(request, presented, check);
            }
        }
        if (cached == null
                || !Check.of(cached.key(), cached.secretOf(presented), kind, scope, request, time.instant())
                        .passed()) {
            failedAttempts.refuseTheBusy(request.getRemoteAddr());
        }
        // From here on Redis decides: what is cached may only say yes.
        // By kind: an API key is unknown to the admin API, and works all the same.
        String sought = kind + ":" + presented.digest();
        // A key that works elsewhere is refused for what it asks, and from where.
        String asked = sought + ' ' + scope + ' ' + request.getRemoteAddr();
        Refusal lately = cache.lately(sought, asked, time.instant());
        if (lately != null) {
            Beat.await(lately, begun);
            throw refused(lately, scope);
        }
        Fence before = cache.fence(presented.keyId());
        Check check;
        try {
            Key key = lookUp(presented);
            check = Check.of(key, key == null ? null : presented.secretOf(key), kind, scope, request, time.instant());
        } catch (StoreUnavailable e) {
            if (cached == null || !cache.withinGrace(cached)) {
                throw storeUnavailable(e);
            }
            check = Check.of(cached.key(), cached.secretOf(presented), kind, scope, request, time.instant());
            if (check.refusalOrNull() == Refusal.KEY_UNKNOWN) {
                throw storeUnavailable(e);
            }
        }
        if (!check.passed()) {
            boolean everywhere = check.refusal().status() == Refusal.KEY_UNKNOWN.status();
            cache.refuse(everywhere ? sought : asked, check, before, time.instant());
            Beat.await(check.refusal(), begun);
            throw refused(check.refusal(), scope);
        }
        return caller(request, presented, check);
    }

    private @Nullable Cached cached(Presented presented) {
        String keyId = presented.keyId();
        if (keyId != null) {
            return cache.get(keyId);
        }
        for (String digest : presented.digests()) {
            Cached cached = cache.getByDigest(digest);
            if (cached != null) {
                return cached;
            }
        }
        return null;
    }

    private @Nullable Key lookUp(Presented presented) {
        if (!redis.isReady()) {
            throw new StoreUnavailable("the store was not prepared yet");
        }
        String keyId = presented.keyId();
        return keyId == null
                ? cache.fillByDigest(() -> store.findByDigest(presented.digests()))
                : cache.fill(keyId, () -> store.find(keyId));
    }

    private Caller caller(HttpServletRequest request, Presented presented, Check check) {
        Key key = check.key();
        Secret secret = check.secret();
        if (secret.is(Standing.PENDING)) {
            key = activate(request, key, secret);
            secret = key.secret(secret.id()).orElseThrow(() -> refused(Refusal.KEY_REVOKED, null));
            // The record was read again: what this node had in memory may have been rolled back or revoked since.
            Refusal since = key.refusal(secret, time.instant());
            if (since != null) {
                throw refused(since, null);
            }
        }
        boolean shownToOperator = secret.is(Standing.SUPERSEDED) || key.isBeingRotated();
        String agent = shownToOperator ? request.getHeader("User-Agent") : null;
        evidence.used(key, secret, request.getRemoteAddr(), shownToOperator && agent == null ? "" : agent);
        if (!secret.pepper().equals(peppers.current().id())) {
            upkeep.rehashSoon(key.id(), secret, presented.sha256());
        }
        return new Caller(key, secret);
    }

    /** The first use of a pending secret starts the old one's clock before this request goes on. */
    private Key activate(HttpServletRequest request, Key key, Secret secret) {
        if (!redis.isUp()) {
            // An admin act would wait for its long deadline; a caller must not.
            throw storeUnavailable(new StoreUnavailable("Redis is not available"));
        }
        Actor actor = new Actor(key.id(), key.profile().name(), "key");
        Act act = new Act(actor, "rotation.activate", request.getRemoteAddr(), (String)
                request.getAttribute(Problems.REQUEST_ID));
        try {
            return changes.changeQuietly(
                    key.kind(), key.id(), act, now -> new KeyChange(now, now.activated(secret.id(), time.instant())));
        } catch (StoreUnavailable e) {
            throw storeUnavailable(e);
        }
    }

    private static Refused storeUnavailable(StoreUnavailable cause) {
        return new Refused(
                        Refusal.AUTH_STORE_UNAVAILABLE,
                        "The key could not be checked; this says nothing about the key.",
                        cause)
                .retryAfter(STORE_RETRY);
    }

    private static Refused refused(Refusal refusal, @Nullable String scope) {
        String detail = refusal == Refusal.SCOPE_MISSING
                ? "The key lacks the scope \"" + scope + "\"."
                : refusal.meaning() + " " + refusal.remedy();
        return new Refused(refusal, detail);
    }
}
