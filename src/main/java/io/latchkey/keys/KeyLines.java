package io.latchkey.keys;

import io.latchkey.keys.Key.Kind;
import io.latchkey.keys.Secret.Standing;
import io.latchkey.problems.Refused;
import io.latchkey.problems.WrongField;
import io.latchkey.store.Peppers;
import jakarta.validation.ConstraintViolationException;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Keys as lines of text: {@code {id, …profile, secrets[{algorithm, digest, pepper, …}]}} out and in, or in alone with a
 * {@code tokenSha256} or, from CSV, a {@code token}. Plaintext never goes out.
 */
@Component
class KeyLines {
    /** The stored digest: only a gateway with the same pepper can use it. */
    private static final String HMAC = "hmac-sha256";

    private static final List<String> SECRET_FIELDS = List.of("id", "standing", "createdAt", "pepper", "digest");

    private final JsonMapper json;
    private final JsonMapper stored;
    private final KeyForms forms;
    private final KeyChanges changes;
    private final Peppers peppers;
    private final InstantSource time;

    KeyLines(JsonMapper json, KeyForms forms, KeyChanges changes, Peppers peppers, InstantSource time) {
        this.json = json;
        this.stored = KeyStore.lenient(json)
                .rebuild()
                .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
                .build();
        this.forms = forms;
        this.changes = changes;
        this.peppers = peppers;
        this.time = time;
    }

    /** Why one line cannot be imported; the other lines can. */
    static final class Unreadable extends Exception {
        private static final long serialVersionUID = 1;

        Unreadable(String message) {
            super(message);
        }
    }

    String line(Key key) {
        ObjectNode line = json.createObjectNode();
        line.put("id", key.id());
        line.setAll(json.<ObjectNode>valueToTree(key.profile()));
        line.put("createdAt", key.createdAt().toString());
        line.put("disabled", key.disabled());
        if (key.revokedAt() != null) {
            line.put("revokedAt", key.revokedAt().toString());
        }
        ArrayNode secrets = line.putArray("secrets");
        for (Secret secret : key.secrets()) {
            ObjectNode each = json.valueToTree(secret);
            secrets.add(each.put("algorithm", HMAC));
        }
        return json.writeValueAsString(line);
    }

    Key parse(String line) throws Unreadable {
        try {
            if (json.readTree(line) instanceof ObjectNode form) {
                return form.has("secrets") ? exported(form) : made(form);
            }
            throw new Unreadable("is not a JSON object");
        } catch (JacksonException e) {
            throw unreadable(e);
        } catch (ConstraintViolationException e) {
            throw new Unreadable(String.valueOf(e.getMessage()));
        } catch (Refused e) {
            throw new Unreadable(e.detail());
        }
    }

    /** A key that callers hold already, by the SHA-256 of its token. */
    private Key made(ObjectNode form) throws Unreadable {
        String algorithm = text(form.remove("algorithm"));
        if (algorithm != null && !algorithm.equals("sha256")) {
            throw new Unreadable("algorithm: must be sha256, as tokenSha256");
        }
        String sha256 = forms.takeTokenSha256(form);
        if (sha256 == null) {
            throw new Unreadable("tokenSha256: is missing");
        }
        String last4 = text(form.remove("last4"));
        return made(form, null, changes.adopt(HexFormat.of().parseHex(sha256), shown(last4)));
    }

    /** A key from its plaintext, which is forgotten at once. */
    Key plain(String text, ObjectNode form) throws Unreadable {
        Token token = Token.parse(text);
        if (token == null) {
            throw new Unreadable(
                    "token: is not 8 to 256 printable characters, or starts with lk_ and is no whole token");
        }
        try {
            Secret secret = changes.adopt(Peppers.sha256(text), Token.last4(text));
            return made(form, token.keyId(), secret);
        } catch (ConstraintViolationException e) {
            throw new Unreadable(String.valueOf(e.getMessage()));
        } catch (JacksonException e) {
            throw unreadable(e);
        } catch (Refused e) {
            throw new Unreadable(e.detail());
        }
    }

    private Key made(ObjectNode form, @Nullable String id, Secret secret) {
        Instant now = time.instant();
        KeyProfile profile = forms.newProfile(form, now);
        return new Key(id == null ? changes.newId() : id, Kind.API, profile, now, false, null, List.of(secret), 0);
    }

    private Key exported(ObjectNode form) throws Unreadable {
        String id = text(form.remove("id"));
        if (id == null || id.length() > 32 || !Base62.isBase62(id, 0, id.length())) {
            throw new Unreadable("id: must be 1 to 32 letters and digits");
        }
        JsonNode createdAt = form.remove("createdAt");
        JsonNode revokedAt = form.remove("revokedAt");
        JsonNode disabled = form.remove("disabled");
        if (disabled != null && !disabled.isBoolean()) {
            throw new Unreadable("disabled: must be true or false");
        }
        if (!(form.remove("secrets") instanceof ArrayNode array)) {
            throw new Unreadable("secrets: must be a list");
        }
        List<Secret> secrets = new ArrayList<>();
        for (JsonNode node : array) {
            secrets.add(exportedSecret(node));
        }
        if (secrets.isEmpty() || secrets.size() > Key.SECRETS_MAX) {
            throw new Unreadable("secrets: " + secrets.size() + " (expected: 1 to " + Key.SECRETS_MAX + ")");
        }
        if (secrets.stream().filter(secret -> secret.is(Standing.ACTIVE)).count() > 1) {
            throw new Unreadable("secrets: more than one is active");
        }
        if (secrets.stream().map(Secret::id).distinct().count() < secrets.size()) {
            throw new Unreadable("secrets: two have the same id");
        }
        return new Key(
                id,
                Kind.API,
                forms.profile(form),
                createdAt == null ? time.instant() : json.treeToValue(createdAt, Instant.class),
                disabled != null && disabled.asBoolean(),
                revokedAt == null ? null : json.treeToValue(revokedAt, Instant.class),
                secrets,
                0);
    }

    private Secret exportedSecret(JsonNode node) throws Unreadable {
        if (!(node instanceof ObjectNode form)) {
            throw new Unreadable("secrets: must hold objects");
        }
        String algorithm = text(form.remove("algorithm"));
        if (!HMAC.equals(algorithm)) {
            throw new Unreadable("secrets.algorithm: must be " + HMAC);
        }
        for (String field : SECRET_FIELDS) {
            if (!form.path(field).isString()) {
                throw new Unreadable("secrets." + field + ": is missing");
            }
        }
        Secret secret = stored.treeToValue(form, Secret.class);
        if (secret.id().length() > 32
                || !Base62.isBase62(secret.id(), 0, secret.id().length())) {
            throw new Unreadable("secrets.id: must be 1 to 32 letters and digits");
        }
        shown(secret.last4());
        if (peppers.byId(secret.pepper()).isEmpty()) {
            throw new Unreadable("secrets.pepper: is not held by this gateway");
        }
        if (!secret.digest().matches("[0-9a-f]{64}")) {
            throw new Unreadable("secrets.digest: must be 64 hexadecimal digits");
        }
        return secret;
    }

    /** More than the last characters would be the token itself. */
    private static String shown(@Nullable String last4) throws Unreadable {
        if (last4 != null && last4.length() > 4) {
            throw new Unreadable("last4: must be 4 characters at most");
        }
        return last4 == null ? "" : last4;
    }

    /** Never Jackson's own words: they quote the line, and people send plaintext where a hash belongs. */
    private static Unreadable unreadable(JacksonException e) {
        return new Unreadable(WrongField.of(e)
                .map(field -> field.field() + ": " + field.message())
                .orElse("is not valid JSON"));
    }

    private static @Nullable String text(@Nullable JsonNode node) {
        return node == null || node.isNull() ? null : node.asString();
    }
}
