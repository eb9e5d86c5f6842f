package io.latchkey.reference;

import io.latchkey.Gateway;
import io.latchkey.problems.Refusal;
import java.io.IOException;
import java.lang.reflect.AnnotatedType;
import java.lang.reflect.ParameterizedType;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.springframework.core.DefaultParameterNameDiscoverer;
import org.springframework.core.MethodParameter;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestHeader;
import org.springframework.web.bind.annotation.RequestMethod;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.ValueConstants;
import org.springframework.web.method.HandlerMethod;
import org.springframework.web.servlet.mvc.method.annotation.RequestMappingHandlerMapping;
import org.yaml.snakeyaml.Yaml;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** The document of the API: what the handlers' signatures, records and comments say, and what they cannot say. */
final class ApiDocument {
    private static final Path UNSAID = Path.of("src/test/resources/io/latchkey/reference/unsaid.yml");

    private final JsonNode unsaid;
    private final Comments comments;
    private final Schemas schemas;
    private final Set<String> used = new TreeSet<>();
    private final Set<Integer> refused = new TreeSet<>();

    private ApiDocument(JsonNode unsaid, Comments comments) {
        this.unsaid = unsaid;
        this.comments = comments;
        schemas = new Schemas(comments);
    }

    /** One operation: a path as callers write it, a method, and who answers. */
    private record Operation(String path, String verb, HandlerMethod handler) {
        String name() {
            return verb + " " + path;
        }

        boolean isBelow(String prefix) {
            return path.startsWith(prefix);
        }

        boolean isForOperators() {
            return isBelow("/admin") || path.equals("/health/detailed");
        }

        boolean isForCallers() {
            return isBelow("/api/v1");
        }

        String tag() {
            String name = handler.getBeanType().getPackageName();
            return name.substring(name.lastIndexOf('.') + 1);
        }

        String id() {
            StringBuilder id = new StringBuilder(verb.toLowerCase(Locale.ROOT));
            for (String word : path.split("[^A-Za-z0-9]+", -1)) {
                id.append(word.isEmpty() ? "" : word.substring(0, 1).toUpperCase(Locale.ROOT) + word.substring(1));
            }
            return id.toString();
        }
    }

    static ObjectNode of(RequestMappingHandlerMapping mappings) throws IOException {
        JsonNode unsaid = Gateway.JSON.valueToTree(new Yaml().load(Files.readString(UNSAID)));
        return new ApiDocument(unsaid, Comments.of(Path.of("src/main/java"))).made(mappings);
    }

    private ObjectNode made(RequestMappingHandlerMapping mappings) {
        ObjectNode document = (ObjectNode) unsaid.get("document").deepCopy();
        Map<String, Operation> operations = operations(mappings);
        ArrayNode tags = document.putArray("tags");
        operations.values().stream()
                .collect(Collectors.toMap(
                        Operation::tag,
                        each -> each.handler().getBeanType().getPackageName(),
                        (a, b) -> a,
                        TreeMap::new))
                .forEach((tag, name) -> tags.addObject()
                        .put("name", tag)
                        .put("description", sentence(comments.of(name).orElseThrow())));
        ObjectNode paths = document.putObject("paths");
        operations.forEach((name, each) ->
                paths.withObjectProperty(each.path()).set(each.verb().toLowerCase(Locale.ROOT), operation(each)));
        Set<String> unknown = new TreeSet<>(unsaid.get("operations").propertyNames());
        unknown.removeAll(used);
        if (!unknown.isEmpty()) {
            throw new IllegalStateException(UNSAID + " speaks of what is not there: " + unknown);
        }
        ObjectNode components = document.withObjectProperty("components");
        components.set("responses", refusals());
        ObjectNode all = components.putObject("schemas");
        schemas.records().forEach(all::set);
        all.set("Problem", problem());
        return document;
    }

    /** The first one; what follows is about how, or for those who work on it. */
    private static String sentence(String text) {
        return text.split("(?<=[.]) ", 2)[0];
    }

    private static Map<String, Operation> operations(RequestMappingHandlerMapping mappings) {
        Map<String, Operation> operations = new TreeMap<>();
        mappings.getHandlerMethods().forEach((mapping, handler) -> {
            for (String pattern : mapping.getPatternValues()) {
                for (String kind : pattern.contains("{kind:") ? List.of("keys", "tokens") : List.of("")) {
                    String path = pattern.replaceAll("\\{kind:[^}]*}", kind);
                    for (RequestMethod verb : mapping.getMethodsCondition().getMethods()) {
                        operations.put(path + ' ' + verb, new Operation(path, verb.name(), handler));
                    }
                }
            }
        });
        return operations;
    }

    private ObjectNode operation(Operation operation) {
        JsonNode more = unsaid.get("operations").path(operation.name());
        used.add(operation.name());
        ObjectNode said = Schemas.object();
        said.putArray("tags").add(operation.tag());
        said.put("operationId", operation.id());
        String comment = comments.of(operation.handler().getBeanType().getName()
                        + '#'
                        + operation.handler().getMethod().getName())
                .orElseThrow(() -> new IllegalStateException("no comment says what this does: " + operation.name()));
        said.put("summary", sentence(comment).replaceFirst("[.]$", ""));
        ArrayNode security = said.putArray("security");
        if (operation.isForOperators()) {
            security.addObject().putArray("adminToken");
        } else if (operation.isForCallers()) {
            security.addObject().putArray("apiKey");
            security.addObject().putArray("bearerKey");
        }
        ArrayNode parameters = Gateway.JSON.createArrayNode();
        JsonNode body = more.get("body");
        @Nullable ObjectNode content = body == null ? null : content(body);
        boolean needed = body != null;
        for (MethodParameter parameter : operation.handler().getMethodParameters()) {
            parameter.initParameterNameDiscovery(new DefaultParameterNameDiscoverer());
            RequestBody read = parameter.getParameterAnnotation(RequestBody.class);
            if (read != null && body == null) {
                content = Schemas.object();
                content.putObject("application/json")
                        .set("schema", schemas.of((Class<?>) parameter.getParameterType(), /* input= */ true));
                needed = read.required();
            } else if (isSent(operation, parameter)) {
                parameters.add(parameter(operation, parameter, more));
            }
        }
        if (!parameters.isEmpty()) {
            said.set("parameters", parameters);
        }
        if (content != null) {
            if (more.has("example")) {
                ((ObjectNode) content.properties().iterator().next().getValue()).set("example", more.get("example"));
            }
            said.putObject("requestBody").put("required", needed).set("content", content);
        }
        said.set("responses", answers(operation, more));
        said.put("description", comment + "\n\n```bash\n" + curl(operation, more, content) + "\n```");
        return said;
    }

    private static boolean isSent(Operation operation, MethodParameter parameter) {
        PathVariable inPath = parameter.getParameterAnnotation(PathVariable.class);
        return inPath != null
                ? operation.path().contains('{' + String.valueOf(parameter.getParameterName()) + '}')
                : (parameter.hasParameterAnnotation(RequestParam.class)
                                && !(operation.path().contains("{name}")
                                        && "owner".equals(parameter.getParameterName())))
                        || parameter.hasParameterAnnotation(RequestHeader.class);
    }

    private ObjectNode parameter(Operation operation, MethodParameter parameter, JsonNode more) {
        String name = String.valueOf(parameter.getParameterName());
        RequestHeader header = parameter.getParameterAnnotation(RequestHeader.class);
        RequestParam query = parameter.getParameterAnnotation(RequestParam.class);
        String sent = header == null ? name : header.name();
        String place = header != null ? "header" : query != null ? "query" : "path";
        ObjectNode schema = schemas.of(parameter.getParameterType(), /* input= */ true);
        if (query != null && !query.defaultValue().equals(ValueConstants.DEFAULT_NONE)) {
            schema.set(
                    "default",
                    schema.path("type").asString().equals("string")
                            ? Gateway.JSON.valueToTree(query.defaultValue())
                            : Gateway.JSON.readTree(query.defaultValue()));
        }
        ObjectNode said = Schemas.object().put("name", sent).put("in", place);
        boolean required = place.equals("path")
                || more.path("required")
                        .valueStream()
                        .anyMatch(each -> each.asString().equals(sent));
        said.put("required", required);
        String type = operation.handler().getBeanType().getName()
                + '#'
                + operation.handler().getMethod().getName();
        comments.of(type + ':' + name)
                .or(() -> unsaid.at("/parameters/" + sent).stringValueOpt())
                .ifPresent(text -> said.put("description", text));
        said.set("schema", schema);
        if (more.at("/given/" + sent).isString()) {
            said.set("example", more.at("/given/" + sent));
        }
        return said;
    }

    /** Of media types: a schema, or the name of a record. */
    private ObjectNode content(JsonNode types) {
        ObjectNode content = Schemas.object();
        types.properties().forEach(type -> content.putObject(type.getKey()).set("schema", schema(type.getValue())));
        return content;
    }

    private JsonNode schema(JsonNode said) {
        try {
            if (said.isString()) {
                return schemas.of(Class.forName(said.asString()), /* input= */ false);
            }
            if (!said.has("of")) {
                return said;
            }
            ObjectNode form = schemas.inPlace(Class.forName(said.get("of").asString()));
            ObjectNode fields = form.withObjectProperty("properties");
            said.path("less").forEach(field -> fields.remove(field.asString()));
            said.path("plus").properties().forEach(field -> fields.set(field.getKey(), field.getValue()));
            if (said.has("description")) {
                form.set("description", said.get("description"));
                form.remove("required");
            }
            return form;
        } catch (ClassNotFoundException e) {
            throw new IllegalStateException(e);
        }
    }

    private ObjectNode answers(Operation operation, JsonNode more) {
        ObjectNode answers = Schemas.object();
        ObjectNode content = more.has("answer") ? content(more.get("answer")) : Schemas.object();
        if (content.isEmpty()) {
            AnnotatedType type = operation.handler().getMethod().getAnnotatedReturnType();
            boolean wrapped =
                    type.getType() instanceof ParameterizedType generic && generic.getRawType() == ResponseEntity.class;
            content.putObject("application/json")
                    .set("schema", schemas.of(wrapped ? Schemas.argument(type, 0) : type, /* input= */ false));
        }
        JsonNode statuses = more.has("statuses") ? more.get("statuses") : unsaid.at("/statuses");
        statuses.properties().forEach(status -> {
            ObjectNode answer = answers.putObject(status.getKey())
                    .put("description", status.getValue().asString());
            ObjectNode headers = answer.putObject("headers");
            List<String> names = new ArrayList<>(List.of("X-Correlation-ID"));
            if (operation.isForCallers()) {
                names.addAll(List.of("RateLimit", "RateLimit-Policy", "API-Key-Status", "API-Key-Expires"));
            }
            more.path("headers").forEach(header -> names.add(header.asString()));
            names.forEach(name -> headers.putObject(name).put("$ref", "#/components/headers/" + name));
            ObjectNode told = answer.putObject("content").setAll(content);
            if (status.getKey().startsWith("5")) {
                // Who is refused before it comes so far gets the same status.
                refused(told);
            }
        });
        Set<Integer> here = new TreeSet<>(List.of(400));
        if (operation.isForOperators() || operation.isForCallers()) {
            here.addAll(List.of(401, 403, 503));
        }
        if (operation.isForCallers()) {
            here.add(429);
        }
        if (operation.path().contains("{")) {
            here.addAll(operation.verb().equals("GET") ? List.of(404) : List.of(404, 409));
        }
        if (more.has("body")
                || Arrays.stream(operation.handler().getMethodParameters())
                        .anyMatch(each -> each.hasParameterAnnotation(RequestBody.class))) {
            here.addAll(List.of(413, 415));
        }
        more.path("refused").forEach(status -> here.add(status.asInt()));
        refused.addAll(here);
        here.stream()
                .filter(status -> !answers.has(status.toString()))
                .forEach(status ->
                        answers.putObject(status.toString()).put("$ref", "#/components/responses/Refused" + status));
        answers.putObject("default").put("$ref", "#/components/responses/Refused");
        return answers;
    }

    /** One answer for each status that operations name, and one for whatever else may be refused anywhere. */
    private ObjectNode refusals() {
        ObjectNode responses = Schemas.object();
        Map<Boolean, Map<Integer, List<Refusal>>> refusals = Arrays.stream(Refusal.values())
                .collect(Collectors.partitioningBy(
                        each -> refused.contains(each.status()),
                        Collectors.groupingBy(Refusal::status, TreeMap::new, Collectors.toList())));
        refusals.getOrDefault(true, Map.of())
                .forEach((status, each) -> refused(
                        responses.putObject("Refused" + status),
                        rows(each, ""),
                        switch (status) {
                            case 401 -> List.of("X-Correlation-ID", "WWW-Authenticate");
                            case 429, 503 -> List.of("X-Correlation-ID", "Retry-After");
                            default -> List.of("X-Correlation-ID");
                        }));
        String others = refusals.getOrDefault(false, Map.of()).entrySet().stream()
                .map(each -> rows(each.getValue(), " (" + each.getKey() + ")"))
                .collect(Collectors.joining("\n"));
        refused(responses.putObject("Refused"), others, List.of("X-Correlation-ID"));
        return responses;
    }

    private static String rows(List<Refusal> refusals, String status) {
        return refusals.stream()
                .map(each -> "- `" + each.code() + '`' + status + ": " + each.meaning() + ' ' + each.remedy())
                .collect(Collectors.joining("\n"));
    }

    private static void refused(ObjectNode response, String description, List<String> headers) {
        response.put("description", description);
        ObjectNode names = response.putObject("headers");
        headers.forEach(name -> names.putObject(name).put("$ref", "#/components/headers/" + name));
        refused(response.putObject("content"));
    }

    private static void refused(ObjectNode content) {
        content.putObject("application/problem+json").putObject("schema").put("$ref", "#/components/schemas/Problem");
    }

    private ObjectNode problem() {
        ObjectNode problem = (ObjectNode) unsaid.get("problem").deepCopy();
        ArrayNode codes = ((ObjectNode) problem.at("/properties/code")).putArray("enum");
        Arrays.stream(Refusal.values()).forEach(refusal -> codes.add(refusal.code()));
        return problem;
    }

    /** A call to paste into a shell whose variables are those that the document names at its top. */
    private String curl(Operation operation, JsonNode more, @Nullable ObjectNode content) {
        StringBuilder curl = new StringBuilder("curl");
        if (!operation.verb().equals("GET")) {
            curl.append(" -X ").append(operation.verb());
        }
        String query = more.path("query").valueStream().map(JsonNode::asString).collect(Collectors.joining("&"));
        curl.append(" \"$GW")
                .append(operation.path())
                .append(query.isEmpty() ? "" : "?" + query)
                .append('"');
        if (operation.isForOperators()) {
            curl.append(" -H \"Authorization: Bearer $ADMIN_TOKEN\"");
        } else if (operation.isForCallers()) {
            curl.append(" -H \"X-API-Key: $API_KEY\"");
        }
        more.path("given")
                .properties()
                .forEach(header -> curl.append(" -H '")
                        .append(header.getKey())
                        .append(": ")
                        .append(header.getValue().asString())
                        .append('\''));
        if (content != null) {
            Map.Entry<String, JsonNode> first = content.properties().iterator().next();
            JsonNode example = first.getValue().path("example");
            curl.append(" \\\n  -H 'Content-Type: ").append(first.getKey()).append("' --data-binary ");
            curl.append('\'')
                    .append(example.isString() ? example.asString() : example.toString())
                    .append('\'');
        }
        String text = curl.toString();
        for (Map.Entry<String, JsonNode> variable : unsaid.get("variables").properties()) {
            text = text.replace(variable.getKey(), variable.getValue().asString());
        }
        return text;
    }
}
