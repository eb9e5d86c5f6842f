package io.latchkey.keys;

import io.latchkey.problems.Refused;
import io.latchkey.problems.Window;
import io.latchkey.problems.WrongField;
import jakarta.validation.ConstraintViolation;
import jakarta.validation.ConstraintViolationException;
import jakarta.validation.Validator;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/** Reads what operators send about a key, and refuses it field by field. */
@Component
class KeyForms {
    private static final String SHA256 = "[0-9a-fA-F]{64}";

    private final JsonMapper json;
    private final Validator validator;

    KeyForms(JsonMapper json, Validator validator) {
        this.json = json;
        this.validator = validator;
    }

    KeyProfile profile(ObjectNode form) {
        KeyProfile profile = json.treeToValue(form, KeyProfile.class);
        Set<ConstraintViolation<KeyProfile>> wrong = validator.validate(profile);
        if (!wrong.isEmpty()) {
            throw new ConstraintViolationException(wrong);
        }
        for (int i = 0; i < profile.allowedCidrs().size(); i++) {
            try {
                CidrBlock.parse(profile.allowedCidrs().get(i));
            } catch (IllegalArgumentException e) {
                throw wrong("allowedCidrs[" + i + "]", "must be a CIDR block such as 10.0.0.0/8 or 2001:db8::/32");
            }
        }
        checkLimits(profile.limits());
        checkBudgets(profile.budgets());
        return profile;
    }

    private static void checkLimits(List<KeyProfile.Limit> limits) {
        Set<String> names = new HashSet<>();
        for (int i = 0; i < limits.size(); i++) {
            if (!Window.isValid(limits.get(i).window())) {
                throw wrong("limits[" + i + "].window", "must be " + Window.EXPECTED);
            }
            if (!names.add(limits.get(i).name())) {
                throw wrong("limits[" + i + "].name", "another limit of this key has this name");
            }
        }
    }

    private static void checkBudgets(List<KeyProfile.Budget> budgets) {
        Set<String> names = new HashSet<>();
        for (int i = 0; i < budgets.size(); i++) {
            if (!names.add(budgets.get(i).name())) {
                throw wrong("budgets[" + i + "]", "another budget of this key has this unit and window");
            }
        }
    }

    KeyProfile newProfile(ObjectNode form, Instant now) {
        KeyProfile profile = profile(form);
        if (Deadlines.reached(profile.expiresAt(), now)) {
            throw wrong("expiresAt", "must be in the future");
        }
        return profile;
    }

    /** The profile with the fields of the patch in place of the old ones; null takes a field back to its default. */
    KeyProfile patched(KeyProfile old, ObjectNode patch, Instant now) {
        ObjectNode form = json.valueToTree(old);
        for (Map.Entry<String, JsonNode> field : patch.properties()) {
            if (field.getKey().equals("env")) {
                throw wrong("env", "is part of the token and cannot be changed");
            }
            form.set(field.getKey(), field.getValue());
        }
        return patch.has("expiresAt") ? newProfile(form, now) : profile(form);
    }

    /** Takes the digest of a client-made token out of the form. */
    @Nullable
    String takeTokenSha256(ObjectNode form) {
        JsonNode value = form.remove("tokenSha256");
        if (value == null || value.isNull()) {
            return null;
        }
        if (!value.isString() || !value.stringValue().matches(SHA256)) {
            throw wrong("tokenSha256", "must be 64 hexadecimal digits, the SHA-256 of the token");
        }
        return value.stringValue();
    }

    static Refused wrong(String field, String message) {
        return new WrongField(field, message).refused();
    }
}
