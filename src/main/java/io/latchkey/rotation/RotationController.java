package io.latchkey.rotation;

import io.latchkey.audit.Act;
import io.latchkey.keys.Idempotency;
import io.latchkey.keys.Key.Kind;
import io.latchkey.problems.Refusal;
import io.latchkey.problems.Refused;
import io.latchkey.rotation.RotationForms.Begin;
import io.latchkey.rotation.RotationForms.Extend;
import io.latchkey.rotation.RotationForms.Force;
import jakarta.servlet.http.HttpServletRequest;
import java.net.URI;
import java.time.InstantSource;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.http.CacheControl;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestHeader;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RestController;

/** Rotations over HTTP, of keys and of admin tokens alike. */
@RestController
@RequestMapping("/admin/{kind:keys|tokens}/{keyId}/rotations")
class RotationController {
    private final Rotations rotations;
    private final InstantSource time;

    RotationController(Rotations rotations, InstantSource time) {
        this.rotations = rotations;
        this.time = time;
    }

    /** All rotations of one key, newest first. */
    record Listing(List<RotationView> items, @Nullable String next) {}

    /** Begins a rotation; the answer holds the new token this once, and it works on every node by then. */
    @PostMapping
    ResponseEntity<RotationView.Begun> begin(
            @PathVariable String kind,
            @PathVariable String keyId,
            @RequestBody(required = false) @Nullable Begin body,
            @RequestHeader(name = "Idempotency-Key", required = false) @Nullable String idempotencyKey,
            HttpServletRequest request) {
        Begin form = body == null ? Begin.DEFAULT : body;
        Act act = Act.of(request, "rotation.begin");
        Idempotency promise = Idempotency.of(idempotencyKey, act.actor().id(), "rotation\n" + keyId + '\n' + form);
        return begun(
                rotations.begin(kind(kind), keyId, form.wish(time.instant()), act, promise), request.getRequestURI());
    }

    ResponseEntity<RotationView.Begun> begun(Rotations.Begun begun, String collection) {
        ResponseEntity.BodyBuilder answer = ResponseEntity.created(
                URI.create(collection + "/" + begun.rotation().id()));
        answer.cacheControl(CacheControl.noStore());
        if (begun.repeated()) {
            answer.header("Idempotency-Replayed", "true");
        }
        return answer.body(RotationView.Begun.of(begun, time.instant()));
    }

    /** Lists the rotations of a key or admin token, newest first. */
    @GetMapping
    Listing list(@PathVariable String kind, @PathVariable String keyId) {
        return new Listing(
                rotations.list(kind(kind), keyId).stream().map(this::view).toList(), null);
    }

    /** Tells how far a rotation is, and who still uses the old secret. */
    @GetMapping("/{rotationId}")
    RotationView get(@PathVariable String kind, @PathVariable String keyId, @PathVariable String rotationId) {
        return view(rotations.get(kind(kind), keyId, rotationId));
    }

    /** Ends the overlap now; refused while the old secret is in use, unless forced. */
    @PostMapping("/{rotationId}/finish")
    RotationView finish(
            @PathVariable String kind,
            @PathVariable String keyId,
            @PathVariable String rotationId,
            @RequestBody(required = false) @Nullable Force body,
            HttpServletRequest request) {
        Act act = Act.of(request, "rotation.finish");
        return view(rotations.finish(kind(kind), keyId, rotationId, Force.of(body), act));
    }

    /** Takes the new secret back; refused once it was used, unless forced. */
    @PostMapping("/{rotationId}/rollback")
    RotationView rollBack(
            @PathVariable String kind,
            @PathVariable String keyId,
            @PathVariable String rotationId,
            @RequestBody(required = false) @Nullable Force body,
            HttpServletRequest request) {
        Act act = Act.of(request, "rotation.rollback");
        return view(rotations.rollBack(kind(kind), keyId, rotationId, Force.of(body), act));
    }

    /** Lets the old secret live longer, within 30 days of the rotation. */
    @PostMapping("/{rotationId}/extend")
    RotationView extend(
            @PathVariable String kind,
            @PathVariable String keyId,
            @PathVariable String rotationId,
            @RequestBody Extend body,
            HttpServletRequest request) {
        Act act = Act.of(request, "rotation.extend");
        return view(rotations.extend(kind(kind), keyId, rotationId, body.checked(), act));
    }

    private RotationView view(Rotations.Seen seen) {
        return RotationView.of(seen, time.instant());
    }

    private static Kind kind(String segment) {
        return switch (segment) {
            case "keys" -> Kind.API;
            case "tokens" -> Kind.ADMIN;
            default -> throw new Refused(Refusal.RESOURCE_NOT_FOUND, "There is nothing here.");
        };
    }
}
