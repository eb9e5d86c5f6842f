package io.latchkey.keys;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * A key as its operators see it: everything but the digests.
 *
 * @param token there once, when it was made
 * @param state active, disabled, expired or revoked
 * @param rotateEvery how often to remind of a rotation
 */
record KeyView(
        String id,
        @JsonInclude(JsonInclude.Include.NON_NULL) @Nullable String token,
        String name,
        String owner,
        String env,
        String state,
        List<String> scopes,
        List<KeyProfile.Limit> limits,
        List<KeyProfile.Budget> budgets,
        @Nullable Integer concurrency,
        List<String> allowedCidrs,
        List<String> tags,
        Instant createdAt,
        @Nullable Instant expiresAt,
        @Nullable Instant revokedAt,
        @Nullable Duration rotateEvery,
        @Nullable Instant rotationDueAt,
        List<SecretView> secrets,
        @JsonInclude(JsonInclude.Include.NON_DEFAULT) long version) {

    /**
     * One secret: what may be shown of it.
     *
     * @param state pending, active, superseded, revoked or expired
     * @param notAfter when it stops working; null = with the key
     */
    record SecretView(
            String id,
            String state,
            String last4,
            Instant createdAt,
            @Nullable Instant notAfter,
            @Nullable Instant lastUsedAt,
            String pepper) {}

    static KeyView of(Key key, Evidence.@Nullable Uses uses, Instant now) {
        KeyProfile profile = key.profile();
        return new KeyView(
                key.id(),
                null,
                profile.name(),
                profile.owner(),
                profile.env(),
                key.state(now).name().toLowerCase(Locale.ROOT),
                profile.scopes(),
                profile.limits(),
                profile.budgets(),
                profile.concurrency(),
                profile.allowedCidrs(),
                profile.tags(),
                key.createdAt(),
                profile.expiresAt(),
                key.revokedAt(),
                profile.rotateEvery(),
                key.rotationDue(),
                key.secrets().stream()
                        .map(secret -> new SecretView(
                                secret.id(),
                                key.stateOf(secret, now),
                                secret.last4(),
                                secret.createdAt(),
                                key.deadline(secret),
                                uses == null ? null : uses.lastUsedAt(secret.id()),
                                secret.pepper()))
                        .toList(),
                key.version());
    }

    KeyView with(@Nullable String newToken) {
        return new KeyView(
                id,
                newToken,
                name,
                owner,
                env,
                state,
                scopes,
                limits,
                budgets,
                concurrency,
                allowedCidrs,
                tags,
                createdAt,
                expiresAt,
                revokedAt,
                rotateEvery,
                rotationDueAt,
                secrets,
                version);
    }
}
