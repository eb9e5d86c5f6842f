package io.latchkey.rotation;

import io.latchkey.audit.Act;
import io.latchkey.audit.Actor;
import io.latchkey.keys.Caller;
import io.latchkey.keys.Idempotency;
import io.latchkey.keys.Key;
import io.latchkey.problems.Refusal;
import io.latchkey.problems.Refused;
import io.latchkey.rotation.RotationForms.Begin;
import jakarta.servlet.http.HttpServletRequest;
import java.time.InstantSource;
import org.jspecify.annotations.Nullable;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestAttribute;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestHeader;
import org.springframework.web.bind.annotation.RestController;

/** A caller rotates its own key, and no other. */
@RestController
class SelfRotationController {
    private static final String SCOPE = "keys:rotate-self";

    private final Rotations rotations;
    private final RotationController answers;
    private final InstantSource time;

    SelfRotationController(Rotations rotations, RotationController answers, InstantSource time) {
        this.rotations = rotations;
        this.answers = answers;
        this.time = time;
    }

    /** Rotates the caller's own key; needs the scope {@code keys:rotate-self}. */
    @PostMapping("/api/v1/keys/self/rotations")
    ResponseEntity<RotationView.Begun> begin(
            @RequestAttribute(Caller.ATTRIBUTE) Caller caller,
            @RequestBody(required = false) @Nullable Begin body,
            @RequestHeader(name = "Idempotency-Key", required = false) @Nullable String idempotencyKey,
            HttpServletRequest request) {
        Key key = caller.key();
        if (!key.profile().scopes().contains(SCOPE)) {
            throw new Refused(Refusal.SCOPE_MISSING, "The key lacks the scope \"" + SCOPE + "\".");
        }
        Begin form = body == null ? Begin.DEFAULT : body;
        Actor actor = new Actor(key.id(), key.profile().name(), "key");
        Idempotency promise = Idempotency.of(idempotencyKey, key.id(), "rotation\n" + key.id() + '\n' + form);
        Act act = Act.of(request, actor, "rotation.begin");
        return answers.begun(
                rotations.begin(
                        key.kind(),
                        key.id(),
                        form.wish(time.instant()).from(caller.secret().id()),
                        act,
                        promise),
                request.getRequestURI());
    }
}
