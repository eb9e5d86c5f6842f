package io.latchkey.keys;

import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RequestAttribute;
import org.springframework.web.bind.annotation.RestController;

/** Tells a caller what its key is and may do. */
@RestController
class SelfController {
    private final InstantSource time;

    SelfController(InstantSource time) {
        this.time = time;
    }

    /** Tells a caller what its key is and may do. */
    @GetMapping("/api/v1/keys/self")
    Self self(@RequestAttribute(Caller.ATTRIBUTE) Caller caller) {
        Key key = caller.key();
        Secret secret = caller.secret();
        KeyProfile profile = key.profile();
        return new Self(
                key.id(),
                profile.name(),
                profile.owner(),
                profile.env(),
                key.state(time.instant()).name().toLowerCase(Locale.ROOT),
                profile.scopes(),
                profile.limits(),
                profile.budgets(),
                profile.concurrency(),
                profile.expiresAt(),
                new SelfSecret(secret.id(), key.stateOf(secret, time.instant()), secret.last4(), key.deadline(secret)),
                key.rotationDue());
    }

    /** The caller's key. */
    record Self(
            String id,
            String name,
            String owner,
            String env,
            String state,
            List<String> scopes,
            List<KeyProfile.Limit> limits,
            List<KeyProfile.Budget> budgets,
            @Nullable Integer concurrency,
            @Nullable Instant expiresAt,
            SelfSecret secret,
            @Nullable Instant rotationDueAt) {}

    /** The secret it was asked with. */
    record SelfSecret(
            String id, String state, String last4, @Nullable Instant notAfter) {}
}
