package io.latchkey.keys;

import io.latchkey.audit.Act;
import io.latchkey.keys.Key.Kind;
import io.latchkey.keys.KeyChanges.Minted;
import io.latchkey.keys.KeyChanges.Reached;
import io.latchkey.keys.KeyChanges.Repeatable;
import io.latchkey.keys.Secret.Standing;
import io.latchkey.problems.Refusal;
import io.latchkey.problems.Refused;
import jakarta.servlet.http.HttpServletRequest;
import java.net.URI;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.DeleteMapping;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PatchMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestHeader;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RestController;
import tools.jackson.databind.node.ObjectNode;

/** The life of one key over HTTP. */
@RestController
@RequestMapping("/admin/keys")
class KeyAdminController {
    private final KeyChanges changes;
    private final KeyForms forms;
    private final Evidence evidence;
    private final InstantSource time;

    KeyAdminController(KeyChanges changes, KeyForms forms, Evidence evidence, InstantSource time) {
        this.changes = changes;
        this.forms = forms;
        this.evidence = evidence;
        this.time = time;
    }

    /** Creates a key; the answer holds its token this once. */
    @PostMapping
    ResponseEntity<KeyView> create(
            @RequestBody ObjectNode form,
            @RequestHeader(name = "Idempotency-Key", required = false) @Nullable String idempotencyKey,
            HttpServletRequest request) {
        Act act = Act.of(request, "key.create");
        Idempotency promise = Idempotency.of(idempotencyKey, act.actor().id(), "key.create\n" + form);
        String tokenSha256 = forms.takeTokenSha256(form);
        Instant now = time.instant();
        KeyProfile profile = forms.newProfile(form, now);
        String id = changes.newId();
        Minted minted = changes.mint(id, profile.env(), Standing.ACTIVE, tokenSha256);
        Key key = new Key(id, Kind.API, profile, now, false, null, List.of(minted.secret()), 0);
        Repeatable created = changes.create(key, act, promise);
        boolean repeated = created.earlier().isPresent();
        return answer(
                ResponseEntity.created(URI.create("/admin/keys/" + created.key().id()))
                        .headers(headers -> {
                            if (repeated) {
                                headers.set("Idempotency-Replayed", "true");
                            }
                        }),
                created.key(),
                repeated ? null : minted.token());
    }

    /** Shows a key, with its secrets but for what they are. */
    @GetMapping("/{id}")
    ResponseEntity<KeyView> get(@PathVariable String id) {
        return answer(ResponseEntity.ok(), changes.get(Kind.API, id), null);
    }

    /** Changes fields of a key, unless somebody else did meanwhile. */
    @PatchMapping("/{id}")
    ResponseEntity<KeyView> patch(
            @PathVariable String id,
            @RequestBody ObjectNode patch,
            @RequestHeader(name = "If-Match", required = false) @Nullable String ifMatch,
            HttpServletRequest request) {
        if (ifMatch == null) {
            throw new Refused(Refusal.PRECONDITION_REQUIRED, "Send the key's ETag in If-Match.");
        }
        return changed(id, Act.of(request, "key.update"), key -> {
            if (!ifMatch.equals("*") && !ifMatch.equals(etag(key))) {
                throw new Refused(Refusal.PRECONDITION_FAILED, "The key is at version " + key.version() + " now.");
            }
            refuseRevoked(key);
            if (patch.has("expiresAt") && key.expired(time.instant())) {
                throw new Refused(Refusal.CONFLICT, "The key has expired and cannot be revived; create a new one.");
            }
            return key.withProfile(forms.patched(key.profile(), patch, time.instant()));
        });
    }

    /** Switches a key off until it is enabled. */
    @PostMapping("/{id}/disable")
    ResponseEntity<KeyView> disable(@PathVariable String id, HttpServletRequest request) {
        return changed(id, Act.of(request, "key.disable"), key -> {
            refuseRevoked(key);
            return key.withDisabled(true);
        });
    }

    /** Switches a disabled key on. */
    @PostMapping("/{id}/enable")
    ResponseEntity<KeyView> enable(@PathVariable String id, HttpServletRequest request) {
        return changed(id, Act.of(request, "key.enable"), key -> {
            refuseRevoked(key);
            return key.withDisabled(false);
        });
    }

    /** Revokes a key for good; a repeat tells which nodes know by now. */
    @DeleteMapping("/{id}")
    ResponseEntity<Revocation> revoke(
            @PathVariable String id,
            @RequestHeader(name = "Prefer", required = false) @Nullable String prefer,
            HttpServletRequest request) {
        Key revoked = changes.change(
                Kind.API,
                id,
                Act.of(request, "key.revoke"),
                key -> new KeyChange(key, key.revokedAt() == null ? key.revoked(time.instant()) : key));
        Reached reached = changes.await(revoked.version(), Prefer.wait(prefer));
        return ResponseEntity.status(reached.everywhere() ? 200 : 202)
                .body(new Revocation(
                        id, "revoked", reached.epoch(), reached.nodesAcked(), reached.nodesLive(), reached.laggards()));
    }

    /** How far a revocation has come. */
    record Revocation(String id, String state, long epoch, int nodesAcked, int nodesLive, List<String> laggards) {}

    private ResponseEntity<KeyView> changed(String id, Act act, UnaryOperator<Key> change) {
        Key key = changes.change(Kind.API, id, act, old -> new KeyChange(old, change.apply(old)));
        return answer(ResponseEntity.ok(), key, null);
    }

    private ResponseEntity<KeyView> answer(ResponseEntity.BodyBuilder answer, Key key, @Nullable String token) {
        return answer.eTag(etag(key))
                .body(KeyView.of(key, evidence.of(key.id()), time.instant()).with(token));
    }

    private static String etag(Key key) {
        return "\"" + key.version() + "\"";
    }

    private static void refuseRevoked(Key key) {
        if (key.revokedAt() != null) {
            throw new Refused(Refusal.CONFLICT, "The key is revoked; that is final.");
        }
    }
}
