package io.latchkey.rotation;

import io.latchkey.Gateway;
import io.latchkey.RawClient;
import io.latchkey.rotation.KeyModel.ApiKey;
import io.latchkey.rotation.KeyModel.Token;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;

/** Asks both nodes for everything that can be seen of the keys, and names what is not as the model says. */
final class ModelLook {
    /** Connections to a node at a time: a stranger is let wait for his refusal, and others shall not wait behind him. */
    private static final int LANES = 3;

    private final TwoNodes nodes;
    private final KeyModel model;
    private final KeyRules rules;
    private final Set<String> texts = new LinkedHashSet<>();
    private final Map<String, String> records = new HashMap<>();
    private int looks;

    ModelLook(TwoNodes nodes, KeyModel model, KeyRules rules) {
        this.nodes = nodes;
        this.model = model;
        this.rules = rules;
    }

    /** A text that callers may come with from now on, whether a key has it or not. */
    void know(String text) {
        if (!text.isEmpty()) {
            texts.add(text);
        }
    }

    List<String> texts() {
        return List.copyOf(texts);
    }

    /** To ask for a token is to use it, so what waits for its first use is left alone, as is what shall be quiet. */
    List<String> differences(boolean quiet) {
        List<Question> uses = new ArrayList<>();
        for (String text : texts) {
            Token token = model.tokens.get(text);
            boolean left = token != null && (model.isPending(token) || (quiet && model.isBeingRotated(token)));
            if (!left) {
                uses.add(use(text));
            }
        }
        looks++;
        List<Lane> lanes = new ArrayList<>(lanes(nodes.node(0), uses));
        lanes.addAll(lanes(nodes.node(1), uses));
        lanes.addAll(lanes(nodes.node(0), records()));
        List<String> differences = new ArrayList<>();
        lanes.forEach(lane -> differences.addAll(lane.differences()));
        differences.addAll(unlikeRedis());
        return differences;
    }

    /**
     * Those that shall be other than before, and of the others one by turns. One node reads them from Redis for both: so
     * the other keeps in memory what it saw of callers, until an act asks for it.
     */
    private List<Question> records() {
        List<Question> all = model.keys.stream()
                .flatMap(key -> Stream.of(key(key), rotations(key)))
                .toList();
        return IntStream.range(0, all.size())
                .filter(i -> !all.get(i).expected.equals(records.put(all.get(i).path, all.get(i).expected))
                        || looks % all.size() == i)
                .mapToObj(all::get)
                .toList();
    }

    /** One use of one token on one node. */
    List<String> used(String text, Gateway node) {
        return Lane.to(node, List.of(use(text))).differences();
    }

    /** What a node is asked, and what the model says to it. */
    private record Question(String path, String header, String expected, Function<RawClient.Answer, String> read) {}

    /** Questions sent all at once; the answers come in their order. */
    private record Lane(RawClient client, List<Question> questions) {
        static Lane to(Gateway node, List<Question> questions) {
            try {
                RawClient client = new RawClient(node.port());
                StringBuilder requests = new StringBuilder();
                questions.forEach(question -> requests.append("GET ")
                        .append(question.path)
                        .append(" HTTP/1.1\r\nHost: localhost\r\n")
                        .append(question.header)
                        .append("\r\n\r\n"));
                client.send(requests.toString());
                return new Lane(client, questions);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        List<String> differences() {
            List<String> differences = new ArrayList<>();
            try (RawClient answering = client) {
                for (Question question : questions) {
                    String got = question.read.apply(answering.receive(false));
                    if (!got.equals(question.expected)) {
                        differences.add("  GET " + question.path + " " + question.header + "\n    expected "
                                + question.expected + "\n    but got  " + got);
                    }
                }
                return differences;
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    private static List<Lane> lanes(Gateway node, List<Question> questions) {
        return IntStream.range(0, LANES)
                .mapToObj(lane -> IntStream.range(0, questions.size())
                        .filter(i -> i % LANES == lane)
                        .mapToObj(questions::get)
                        .toList())
                .map(share -> Lane.to(node, share))
                .toList();
    }

    private Question use(String text) {
        if (model.accepted(text)) {
            rules.used(text);
        }
        return new Question("/api/v1/keys/self", "X-API-Key: " + text, model.verdict(text), answer -> {
            JsonNode body = Gateway.JSON.readTree(answer.body());
            if (answer.status() != KeyRules.OK) {
                return body.at("/code").asString();
            }
            String told = Stream.of(answer.header("API-Key-Status"), answer.header("API-Key-Expires"))
                    .filter(Objects::nonNull)
                    .reduce("", (all, each) -> all + " " + each);
            return body.at("/id").asString() + " " + until(body.at("/secret"), "notAfter")
                    + (told.isEmpty() ? "" : ", told" + told);
        });
    }

    private Question key(ApiKey key) {
        String expected = model.state(key) + " until " + key.expires + ": "
                + key.held.stream().map(model::state).toList();
        return admin(
                "/admin/keys/" + key.id,
                expected,
                seen -> until(seen, "expiresAt") + ": "
                        + seen.at("/secrets")
                                .valueStream()
                                .map(ModelLook::until)
                                .toList());
    }

    private Question rotations(ApiKey key) {
        TreeMap<String, String> expected = new TreeMap<>();
        key.rotations.forEach(rotation -> expected.put(
                rotation.id,
                model.state(rotation) + " until "
                        + (key.held.contains(rotation.old) ? model.end(rotation.old) : null)));
        return admin("/admin/keys/" + key.id + "/rotations", expected.toString(), listing -> {
            TreeMap<String, String> seen = new TreeMap<>();
            listing.at("/items").forEach(item -> seen.put(item.at("/id").asString(), until(item, "oldSecretNotAfter")));
            return seen.toString();
        });
    }

    private static Question admin(String path, String expected, Function<JsonNode, String> read) {
        return new Question(
                path,
                "Authorization: Bearer " + Gateway.ADMIN_TOKEN,
                expected,
                answer -> read.apply(Gateway.JSON.readTree(answer.body())));
    }

    /** The set of usable digests, where a digest whose time is up may lie until it is swept; of no key, none. */
    private List<String> unlikeRedis() {
        List<String> asked = texts();
        List<Boolean> found = nodes.areUsable(asked);
        List<String> differences = new ArrayList<>();
        for (int i = 0; i < asked.size(); i++) {
            Token token = model.tokens.get(asked.get(i));
            boolean wrong =
                    found.get(i) ? token == null || model.isStopped(token) : token != null && model.isUsable(token);
            if (wrong) {
                differences.add("  api_keys:valid holds " + asked.get(i) + ": " + found.get(i));
            }
        }
        return differences;
    }

    /** A revoked secret's end says nothing. */
    private static String until(JsonNode secret) {
        return secret.at("/state").asString().equals("revoked") ? "revoked" : until(secret, "notAfter");
    }

    private static String until(JsonNode json, String field) {
        JsonNode end = json.at("/" + field);
        return json.at("/state").asString() + " until " + (end.isNull() ? "null" : end.asString());
    }
}
