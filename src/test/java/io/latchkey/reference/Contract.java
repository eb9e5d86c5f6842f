package io.latchkey.reference;

import static org.assertj.core.api.Assertions.assertThat;

import com.networknt.schema.Schema;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SchemaRegistryConfig;
import com.networknt.schema.SpecificationVersion;
import io.latchkey.Gateway;
import io.latchkey.Gateway.Answer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** What the document promises, held against what is answered: nothing may be missing, nothing may be more. */
public final class Contract {
    static final Path DOCUMENT = Path.of("src/main/resources/io/latchkey/reference/openapi.json");

    private static final JsonNode PROMISED = read();
    private static final SchemaRegistry REGISTRY = SchemaRegistry.withDefaultDialect(
            SpecificationVersion.DRAFT_2020_12,
            builder -> builder.schemaRegistryConfig(
                    SchemaRegistryConfig.builder().formatAssertionsEnabled(true).build()));
    private static final Map<JsonNode, Schema> SCHEMAS = new ConcurrentHashMap<>();

    private Contract() {}

    private static JsonNode read() {
        try {
            return Gateway.JSON.readTree(Files.readString(DOCUMENT));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The path as the document has it, if it does: a plain one before one with variables. */
    private static Optional<String> template(String path) {
        return PROMISED.get("paths").propertyNames().stream()
                .filter(each -> path.matches(Pattern.quote(each).replaceAll("\\{[^}]*}", "\\\\E[^/]+\\\\Q")))
                .min((a, b) -> Boolean.compare(a.contains("{"), b.contains("{")));
    }

    /** Fails when the document does not allow the answer, or forbids what was accepted. */
    public static void check(String method, String target, String body, String type, Answer answer) {
        String path = target.replaceFirst("\\?.*", "");
        Optional<String> template = template(path);
        // What methods there are is told without a body.
        if (template.isEmpty() || method.equals("OPTIONS")) {
            return;
        }
        String verb = method.equals("HEAD") ? "get" : method.toLowerCase(Locale.ROOT);
        JsonNode operation = PROMISED.get("paths").get(template.get()).path(verb);
        String what = method + ' ' + target + " -> " + answer.status() + ' ' + answer.body();
        JsonNode responses = operation.isMissingNode() ? only405() : operation.get("responses");
        JsonNode said = responses.path(String.valueOf(answer.status()));
        JsonNode response = resolved(said.isMissingNode() ? responses.get("default") : said);
        response.path("headers").properties().forEach(header -> {
            if (resolved(header.getValue()).path("required").asBoolean(false)) {
                assertThat(answer.headers().firstValue(header.getKey()))
                        .as(what)
                        .isPresent();
            }
        });
        if (method.equals("HEAD")) {
            return;
        }
        String media = answer.header("Content-Type").replaceFirst(";.*", "");
        assertThat(response.get("content").propertyNames()).as(what).contains(media);
        conform(what, media, answer.body(), response.at("/content").get(media).get("schema"));
        JsonNode form = operation.at("/requestBody/content").path(type);
        if (answer.status() < 300 && type.equals("application/json") && !body.isEmpty() && form.has("schema")) {
            conform("accepted: " + body, type, body, form.get("schema"));
        }
    }

    private static ObjectNode only405() {
        return Gateway.JSON
                .createObjectNode()
                .set("default", Gateway.JSON.createObjectNode().put("$ref", "#/components/responses/Refused"));
    }

    private static JsonNode resolved(JsonNode node) {
        return node.has("$ref") ? PROMISED.at(node.get("$ref").asString().substring(1)) : node;
    }

    private static void conform(String what, String media, String body, JsonNode schema) {
        if (!media.endsWith("json")) {
            return;
        }
        Schema compiled = SCHEMAS.computeIfAbsent(schema, Contract::compiled);
        Stream<String> texts = media.equals("application/x-ndjson") ? body.lines() : Stream.of(body);
        texts.forEach(text -> assertThat(compiled.validate(Gateway.JSON.readTree(text)))
                .as(what)
                .isEmpty());
    }

    private static Schema compiled(JsonNode schema) {
        ObjectNode whole = (ObjectNode) schema.deepCopy();
        whole.set("components", PROMISED.get("components").deepCopy());
        close(whole);
        return REGISTRY.getSchema(whole);
    }

    /** Clients must bear new fields; the document must know them. */
    private static void close(JsonNode node) {
        if (node instanceof ObjectNode schema
                && schema.path("properties").isObject()
                && schema.path("type").toString().contains("object")
                && !schema.has("additionalProperties")) {
            schema.put("additionalProperties", false);
        }
        List.copyOf(node.values()).forEach(Contract::close);
    }
}
