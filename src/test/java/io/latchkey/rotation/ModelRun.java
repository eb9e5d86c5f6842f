package io.latchkey.rotation;

import io.latchkey.Gateway;
import io.latchkey.Gateway.Answer;
import io.latchkey.keys.OutsideTool;
import io.latchkey.rotation.KeyModel.ApiKey;
import io.latchkey.rotation.KeyModel.Rotation;
import io.latchkey.rotation.KeyModel.Token;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Does one sequence of acts to two real nodes and to the model, on keys of its own, and looks at both after each. */
final class ModelRun {
    private static final int PATIENCE = 50;

    private final TwoNodes nodes;
    private final KeyModel model;
    private final KeyRules rules;
    private final ModelLook look;
    private final ModelChoice choice;
    private final boolean quiet;
    private final List<String> story = new ArrayList<>();

    /**
     * @param quiet tokens of a rotation that is going on are used by acts alone, so that operators may end it without
     *     force
     */
    ModelRun(TwoNodes nodes, boolean quiet) {
        this.nodes = nodes;
        this.quiet = quiet;
        model = new KeyModel(nodes.now());
        rules = new KeyRules(model);
        look = new ModelLook(nodes, model, rules);
        choice = new ModelChoice(model, look);
    }

    /** What was done, and what came of it; the last line is where the two differ. */
    List<String> story() {
        return story;
    }

    /** How many acts were done until the nodes and the model differed; fewer than all is a failure. */
    int passed(List<ModelAct> acts) {
        for (int i = 0; i < acts.size(); i++) {
            boolean last = i == acts.size() - 1;
            if (!perform(acts.get(i)) || !same(look.differences(quiet && !last))) {
                return i;
            }
        }
        return acts.size();
    }

    private boolean same(List<String> differences) {
        story.addAll(differences);
        return differences.isEmpty();
    }

    private boolean perform(ModelAct act) {
        boolean asForetold = switch (act.kind()) {
            case CREATE -> create(act);
            case IMPORT -> importOne(act);
            case ROTATE -> rotate(act);
            case ROTATE_ITSELF -> rotateItself(act);
            case FINISH -> finish(act);
            case ROLL_BACK -> rollBack(act);
            case EXTEND -> extend(act);
            case REVOKE -> onKey(act, "DELETE", "", "", rules::revoke);
            case DISABLE -> onKey(act, "POST", "/disable", "", key -> rules.change(key, () -> key.disabled = true));
            case ENABLE -> onKey(act, "POST", "/enable", "", key -> rules.change(key, () -> key.disabled = false));
            case CHANGE_EXPIRY -> changeExpiry(act);
            case CHANGE_ADDRESSES -> changeAddresses(act);
            case CHANGE_SCOPES -> changeScopes(act);
            case CHANGE_LATE -> changeLate(act);
            case USE -> use(act);
            case WAIT -> await(act);
        };
        nodes.settle();
        return asForetold;
    }

    private boolean create(ModelAct act) {
        Instant expires = choice.end(act);
        boolean mayRotate = act.which() % 2 == 0;
        String text = act.which() % 3 == 0 ? choice.own(act) : "";
        String body =
                "{\"name\":\"n\",\"scopes\":" + scopes(mayRotate) + field("expiresAt", expires) + digest(text) + "}";
        Answer answer = admin(act, "POST", "/admin/keys", body);
        ApiKey key = new ApiKey(answer.get("id"), text.isEmpty() ? answer.get("token") : text, expires);
        key.mayRotate = mayRotate;
        return foretold(model.over(expires) ? KeyRules.BAD : created(key), answer);
    }

    private boolean importOne(ModelAct act) {
        String text = choice.anyText(act);
        Instant expires = choice.end(act);
        String csv = "token,name,expiresAt\n" + text + ",n," + (expires == null ? "" : expires) + "\n";
        Answer answer = admin(act, "POST", "/admin/keys/import", csv, "Content-Type", "text/csv");
        // A token of ours names its key, which stays for ever.
        boolean welcome = !model.over(expires) && !text.startsWith("lk_");
        boolean created = welcome && created(new ApiKey(answer.get("id"), text, expires)) == KeyRules.CREATED;
        return foretold(created ? "created" : "refused", answer.get("status"));
    }

    private int created(ApiKey key) {
        look.know(key.current.text);
        return rules.create(key);
    }

    private boolean rotate(ModelAct act) {
        Duration overlap = choice.overlap(act);
        boolean atFirstUse = act.key() / 64 % 2 == 0;
        Instant end = act.which() % 4 == 0 ? choice.end(act) : null;
        String text = act.which() % 5 == 0 ? choice.own(act) : "";
        String body = "{\"overlap\":\"" + overlap + "\",\"activation\":\"" + (atFirstUse ? "first-use" : "now") + "\""
                + field("notAfter", end) + digest(text) + "}";
        ApiKey key = choice.key(act);
        Answer answer = admin(act, "POST", path(key) + "/rotations", body);
        if (key == null) {
            boolean wrong = model.over(end) || KeyRules.isNoOverlap(overlap);
            return foretold(wrong ? KeyRules.BAD : KeyRules.NOT_FOUND, answer);
        }
        return foretold(begun(key, text, overlap, atFirstUse, end, answer), answer);
    }

    private boolean rotateItself(ModelAct act) {
        String text = choice.text(act);
        Answer answer = nodes.node(act.node()).send("POST", "/api/v1/keys/self/rotations", "", "X-API-Key", text);
        story.add("POST /api/v1/keys/self/rotations with " + text + ": " + answer.status());
        if (!model.accepted(text)) {
            return foretold(model.verdict(text), answer.get("code"));
        }
        rules.used(text);
        Token token = Objects.requireNonNull(model.tokens.get(text));
        if (!token.key.mayRotate) {
            return foretold("scope-missing", answer.get("code"));
        } else if (token.key.current != token) {
            return foretold(KeyRules.CONFLICT, answer);
        }
        return foretold(begun(token.key, "", Duration.ofHours(24), false, null, answer), answer);
    }

    private int begun(
            ApiKey key, String text, Duration overlap, boolean atFirstUse, @Nullable Instant end, Answer answer) {
        String fresh = text.isEmpty() ? answer.get("token") : text;
        int status = rules.begin(key, fresh, overlap, atFirstUse, end);
        if (status == KeyRules.CREATED) {
            look.know(fresh);
            key.rotations.getLast().id = answer.get("id");
        }
        return status;
    }

    private boolean finish(ModelAct act) {
        boolean force = act.how() % 3 == 0;
        String body = "{\"force\":" + force + "}";
        return onRotation(act, "/finish", body, rotation -> rules.finish(rotation, force));
    }

    private boolean rollBack(ModelAct act) {
        boolean force = act.how() % 3 == 0;
        String body = "{\"force\":" + force + "}";
        return onRotation(act, "/rollback", body, rotation -> rules.rollBack(rotation, force));
    }

    private boolean extend(ModelAct act) {
        Instant until = choice.until(act);
        return onRotation(act, "/extend", "{\"until\":\"" + until + "\"}", known -> rules.extend(known, until));
    }

    private boolean changeExpiry(ModelAct act) {
        Instant expires = choice.end(act);
        String body = "{\"expiresAt\":" + (expires == null ? "null" : "\"" + expires + "\"") + "}";
        return onKey(act, "PATCH", "", body, key -> rules.changeExpiry(key, expires));
    }

    private boolean changeAddresses(ModelAct act) {
        boolean elsewhere = act.how() % 2 == 0;
        String body = "{\"allowedCidrs\":[" + (elsewhere ? "\"192.0.2.0/24\"" : "") + "]}";
        return onKey(act, "PATCH", "", body, key -> rules.change(key, () -> key.elsewhere = elsewhere));
    }

    private boolean changeScopes(ModelAct act) {
        boolean mayRotate = act.how() % 2 == 0;
        String body = "{\"scopes\":" + scopes(mayRotate) + "}";
        return onKey(act, "PATCH", "", body, key -> rules.change(key, () -> key.mayRotate = mayRotate));
    }

    /** By an operator who has seen an earlier version of the key. */
    private boolean changeLate(ModelAct act) {
        ApiKey key = choice.key(act);
        Answer answer = admin(act, "PATCH", path(key), "{\"expiresAt\":null}", "If-Match", "\"1\"");
        return foretold(key == null ? KeyRules.NOT_FOUND : KeyRules.FAILED, answer);
    }

    /** Also of a token that waits for its first use, which is what begins the overlap. */
    private boolean use(ModelAct act) {
        String text = choice.text(act);
        story.add("use of " + text);
        return same(look.used(text, nodes.node(act.node())));
    }

    private boolean await(ModelAct act) {
        nodes.step(choice.step(act));
        model.now = nodes.now();
        story.add("it is " + model.now);
        return true;
    }

    // What acts have in common

    /** What the model makes of an act. */
    private interface Foretelling<T> {
        int status(T target);
    }

    private boolean onKey(ModelAct act, String method, String more, String body, Foretelling<ApiKey> foretelling) {
        ApiKey key = choice.key(act);
        Answer answer = admin(act, method, path(key) + more, body, "If-Match", "*", "Prefer", "wait=30");
        return foretold(key == null ? KeyRules.NOT_FOUND : foretelling.status(key), answer);
    }

    private boolean onRotation(ModelAct act, String more, String body, Foretelling<Rotation> foretelling) {
        Rotation rotation = choice.rotation(act);
        String path = rotation == null ? path(choice.key(act)) + "/rotations/none" : path(rotation);
        Answer answer = admin(act, "POST", path + more, body);
        for (int i = 0; i < PATIENCE && answer.json().has("laggards"); i++) {
            // A node that is slow to say what it has seen counts as a use; on a busy machine that is no difference.
            nodes.settle();
            answer = admin(act, "POST", path + more, body);
        }
        return foretold(rotation == null ? KeyRules.NOT_FOUND : foretelling.status(rotation), answer);
    }

    private Answer admin(ModelAct act, String method, String path, String body, String... headers) {
        Gateway node = nodes.node(act.node());
        Answer answer = node.admin(method, path, body, headers);
        story.add(method + " " + path + " " + body.replace("\n", "\\n") + ": " + answer.status());
        return answer;
    }

    private boolean foretold(int status, Answer answer) {
        boolean same = status == answer.status();
        return same || same(List.of("  expected " + status + " but got " + answer.status() + " " + answer.body()));
    }

    private boolean foretold(String expected, String got) {
        return expected.equals(got) || same(List.of("  expected " + expected + " but got " + got));
    }

    private static String path(@Nullable ApiKey key) {
        return "/admin/keys/" + (key == null ? "none" : key.id);
    }

    private static String path(Rotation rotation) {
        return path(rotation.fresh.key) + "/rotations/" + rotation.id;
    }

    private static String field(String name, @Nullable Instant value) {
        return value == null ? "" : ",\"" + name + "\":\"" + value + "\"";
    }

    private static String scopes(boolean mayRotate) {
        return mayRotate ? "[\"keys:rotate-self\"]" : "[]";
    }

    private static String digest(String text) {
        try {
            String sha256 = text.isEmpty() ? "" : HexFormat.of().formatHex(OutsideTool.sha256(text));
            return text.isEmpty() ? "" : ",\"tokenSha256\":\"" + sha256 + "\"";
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }
}
