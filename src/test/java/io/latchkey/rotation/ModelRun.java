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
import java.util.UUID;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Does one sequence of acts to two real nodes and to the model, on keys of its own, and looks at both after each. */
final class ModelRun {
    private static final int NOT_FOUND = 404;
    private static final int FAILED = 412;
    private static final Duration TICK = Duration.ofMillis(1);
    private static final List<Duration> OVERLAPS = Stream.of(
                    "PT0S", "PT0.001S", "PT1S", "PT10M", "PT24H", "P7D", "P8D", "P30D", "P30D", "P30DT0.001S", "-PT1S")
            .map(Duration::parse)
            .toList();
    private static final List<Duration> WAITS = Stream.of("PT0.001S", "PT1S", "PT10M", "PT10M0.001S", "P1D", "P7D")
            .map(Duration::parse)
            .toList();

    private static final List<Duration> LONGER =
            Stream.of("PT0.001S", "PT1S", "PT1H").map(Duration::parse).toList();

    private final TwoNodes nodes;
    private final KeyModel model;
    private final ModelLook look;
    private final boolean quiet;
    private final List<String> story = new ArrayList<>();

    /** Tokens that callers made themselves. */
    private final List<String> own;

    /**
     * @param quiet tokens of a rotation that is going on are used by acts alone, so that operators may end it without
     *     force
     */
    ModelRun(TwoNodes nodes, boolean quiet) {
        this.nodes = nodes;
        this.quiet = quiet;
        model = new KeyModel(nodes.now());
        String mine = UUID.randomUUID().toString();
        own = List.of("first-" + mine, "second-" + mine, "third-" + mine);
        look = new ModelLook(nodes, model);
        own.forEach(look::know);
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
            case REVOKE -> onKey(act, "DELETE", "", "", model::revoke);
            case DISABLE -> onKey(act, "POST", "/disable", "", key -> model.change(key, () -> key.disabled = true));
            case ENABLE -> onKey(act, "POST", "/enable", "", key -> model.change(key, () -> key.disabled = false));
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
        Instant expires = end(act);
        boolean mayRotate = act.which() % 2 == 0;
        String text = act.which() % 3 == 0 ? own(act) : "";
        String body =
                "{\"name\":\"n\",\"scopes\":" + scopes(mayRotate) + field("expiresAt", expires) + digest(text) + "}";
        Answer answer = admin(act, "POST", "/admin/keys", body);
        ApiKey key = new ApiKey(answer.get("id"), text.isEmpty() ? answer.get("token") : text, expires);
        key.mayRotate = mayRotate;
        return foretold(model.over(expires) ? KeyModel.BAD : created(key), answer);
    }

    private boolean importOne(ModelAct act) {
        String text = pick(look.texts(), act.which());
        Instant expires = end(act);
        String csv = "token,name,expiresAt\n" + text + ",n," + (expires == null ? "" : expires) + "\n";
        Answer answer = admin(act, "POST", "/admin/keys/import", csv, "Content-Type", "text/csv");
        // A token of ours names its key, which stays for ever.
        boolean welcome = !model.over(expires) && !text.startsWith("lk_");
        boolean created = welcome && created(new ApiKey(answer.get("id"), text, expires)) == KeyModel.CREATED;
        return foretold(created ? "created" : "refused", answer.get("status"));
    }

    private int created(ApiKey key) {
        look.know(key.current.text);
        return model.create(key);
    }

    private boolean rotate(ModelAct act) {
        Duration overlap = pick(OVERLAPS, act.how());
        boolean atFirstUse = act.key() / 64 % 2 == 0;
        Instant end = act.which() % 4 == 0 ? end(act) : null;
        String text = act.which() % 5 == 0 ? own(act) : "";
        String body = "{\"overlap\":\"" + overlap + "\",\"activation\":\"" + (atFirstUse ? "first-use" : "now") + "\""
                + field("notAfter", end) + digest(text) + "}";
        ApiKey key = key(act);
        Answer answer = admin(act, "POST", path(key) + "/rotations", body);
        if (key == null) {
            boolean wrong = model.over(end) || KeyModel.isNoOverlap(overlap);
            return foretold(wrong ? KeyModel.BAD : NOT_FOUND, answer);
        }
        return foretold(begun(key, text, overlap, atFirstUse, end, answer), answer);
    }

    private boolean rotateItself(ModelAct act) {
        String text = text(act);
        Answer answer = nodes.node(act.node()).send("POST", "/api/v1/keys/self/rotations", "", "X-API-Key", text);
        story.add("POST /api/v1/keys/self/rotations with " + text + ": " + answer.status());
        if (!model.accepted(text)) {
            return foretold(model.verdict(text), answer.get("code"));
        }
        model.used(text);
        Token token = Objects.requireNonNull(model.tokens.get(text));
        if (!token.key.mayRotate) {
            return foretold("scope-missing", answer.get("code"));
        } else if (token.key.current != token) {
            return foretold(KeyModel.CONFLICT, answer);
        }
        return foretold(begun(token.key, "", Duration.ofHours(24), false, null, answer), answer);
    }

    private int begun(
            ApiKey key, String text, Duration overlap, boolean atFirstUse, @Nullable Instant end, Answer answer) {
        String fresh = text.isEmpty() ? answer.get("token") : text;
        int status = model.begin(key, fresh, overlap, atFirstUse, end);
        if (status == KeyModel.CREATED) {
            look.know(fresh);
            key.rotations.getLast().id = answer.get("id");
        }
        return status;
    }

    private boolean finish(ModelAct act) {
        boolean force = act.how() % 3 == 0;
        String body = "{\"force\":" + force + "}";
        return onRotation(act, "/finish", body, rotation -> model.finish(rotation, force));
    }

    private boolean rollBack(ModelAct act) {
        boolean force = act.how() % 3 == 0;
        String body = "{\"force\":" + force + "}";
        return onRotation(act, "/rollback", body, rotation -> model.rollBack(rotation, force));
    }

    private boolean extend(ModelAct act) {
        Rotation rotation = rotation(act);
        Stream<@Nullable Instant> ends = rotation == null
                ? Stream.of(model.now)
                : Stream.of(
                        model.end(rotation.old),
                        rotation.formerEnd,
                        rotation.old.key.expires,
                        model.now.plus(KeyModel.OVERLAP_MAX));
        List<Instant> close = ends.filter(Objects::nonNull).toList();
        Instant until = act.how() % 2 == 0
                ? close.getFirst().plus(pick(LONGER, act.how() / 2))
                : pick(close, act.how() / 2).plusMillis(act.how() / 64 % 3 - 1);
        return onRotation(act, "/extend", "{\"until\":\"" + until + "\"}", known -> model.extend(known, until));
    }

    private boolean changeExpiry(ModelAct act) {
        Instant expires = end(act);
        String body = "{\"expiresAt\":" + (expires == null ? "null" : "\"" + expires + "\"") + "}";
        return onKey(act, "PATCH", "", body, key -> model.changeExpiry(key, expires));
    }

    private boolean changeAddresses(ModelAct act) {
        boolean elsewhere = act.how() % 2 == 0;
        String body = "{\"allowedCidrs\":[" + (elsewhere ? "\"192.0.2.0/24\"" : "") + "]}";
        return onKey(act, "PATCH", "", body, key -> model.change(key, () -> key.elsewhere = elsewhere));
    }

    private boolean changeScopes(ModelAct act) {
        boolean mayRotate = act.how() % 2 == 0;
        String body = "{\"scopes\":" + scopes(mayRotate) + "}";
        return onKey(act, "PATCH", "", body, key -> model.change(key, () -> key.mayRotate = mayRotate));
    }

    /** By an operator who has seen an earlier version of the key. */
    private boolean changeLate(ModelAct act) {
        ApiKey key = key(act);
        Answer answer = admin(act, "PATCH", path(key), "{\"expiresAt\":null}", "If-Match", "\"1\"");
        return foretold(key == null ? NOT_FOUND : FAILED, answer);
    }

    /** Also of a token that waits for its first use, which is what begins the overlap. */
    private boolean use(ModelAct act) {
        String text = text(act);
        story.add("use of " + text);
        return same(look.used(text, nodes.node(act.node())));
    }

    /** A while, or until something is about to happen, happens, or has just happened. */
    private boolean await(ModelAct act) {
        List<Instant> moments = model.moments();
        Duration step = pick(WAITS, act.which());
        if (act.how() % 4 > 0 && !moments.isEmpty()) {
            // Later moments more seldom, or all deadlines would soon be over.
            Instant moment = moments.get(act.which() % Math.min(3, moments.size()));
            step = Duration.between(model.now, moment).plusMillis(act.how() / 4 % 3 - 1);
        } else if (act.how() % 32 == 0 && !moments.isEmpty()) {
            step = Duration.between(model.now, moments.getLast()).plus(TICK);
        }
        nodes.step(step);
        model.now = nodes.now();
        story.add("it is " + model.now);
        return true;
    }

    // What acts have in common

    /** What the model makes of an act. */
    private interface Foretelling<T> {
        int status(T target);
    }

    private boolean onKey(ModelAct act, String method, String more, String body, Foretelling<ApiKey> model) {
        ApiKey key = key(act);
        Answer answer = admin(act, method, path(key) + more, body, "If-Match", "*", "Prefer", "wait=30");
        return foretold(key == null ? NOT_FOUND : model.status(key), answer);
    }

    private boolean onRotation(ModelAct act, String more, String body, Foretelling<Rotation> model) {
        Rotation rotation = rotation(act);
        String path = rotation == null ? path(key(act)) + "/rotations/none" : path(rotation);
        Answer answer = admin(act, "POST", path + more, body);
        while (answer.json().has("laggards")) {
            // A node that is slow to say what it has seen counts as a use; on a busy machine that is no difference.
            answer = admin(act, "POST", path + more, body);
        }
        return foretold(rotation == null ? NOT_FOUND : model.status(rotation), answer);
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

    /** Null for one that does not exist. */
    private @Nullable ApiKey key(ModelAct act) {
        return model.keys.isEmpty() || act.key() % 24 == 0 ? null : pick(model.keys, act.key());
    }

    private static String path(@Nullable ApiKey key) {
        return "/admin/keys/" + (key == null ? "none" : key.id);
    }

    private static String path(Rotation rotation) {
        return path(rotation.fresh.key) + "/rotations/" + rotation.id;
    }

    /** Mostly one that is going on; null for one that does not exist. */
    private @Nullable Rotation rotation(ModelAct act) {
        List<Rotation> all =
                model.keys.stream().flatMap(key -> key.rotations.stream()).toList();
        List<Rotation> goingOn = all.stream().filter(model::isGoingOn).toList();
        if (all.isEmpty() || act.key() % 24 == 0) {
            return null;
        }
        return goingOn.isEmpty() || act.key() % 4 == 0 ? pick(all, act.which()) : pick(goingOn, act.which());
    }

    /** Mostly one that some key has, and of these one that is being rotated. */
    private String text(ModelAct act) {
        List<Token> issued =
                model.keys.stream().flatMap(key -> key.held.stream()).toList();
        List<Token> rotating = issued.stream().filter(model::isBeingRotated).toList();
        if (issued.isEmpty() || act.how() % 8 == 0) {
            return pick(look.texts(), act.which());
        }
        return pick(rotating.isEmpty() || act.how() % 4 == 0 ? issued : rotating, act.which()).text;
    }

    private String own(ModelAct act) {
        return pick(own, act.key());
    }

    /** When a key or a token shall end: never, at once, soon, late, or together with another. */
    private @Nullable Instant end(ModelAct act) {
        List<Instant> moments = model.moments();
        return switch (act.how() % 16) {
            case 0 -> model.now;
            case 1 -> model.now.plus(TICK);
            case 2 -> model.now.plusSeconds(1);
            case 3 -> model.now.plus(Duration.ofHours(1));
            case 4 -> model.now.plus(Duration.ofDays(8));
            case 5 -> model.now.plus(Duration.ofDays(40));
            case 6 -> moments.isEmpty() ? null : pick(moments, act.how() / 16);
            default -> null;
        };
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

    private static <T> T pick(List<T> all, int chance) {
        return all.get(chance % all.size());
    }
}
