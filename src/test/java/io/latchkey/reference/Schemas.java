package io.latchkey.reference;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonUnwrapped;
import io.latchkey.Gateway;
import jakarta.validation.constraints.DecimalMax;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.NotBlank;
import jakarta.validation.constraints.NotNull;
import jakarta.validation.constraints.Pattern;
import jakarta.validation.constraints.Positive;
import jakarta.validation.constraints.Size;
import java.lang.reflect.AnnotatedElement;
import java.lang.reflect.AnnotatedParameterizedType;
import java.lang.reflect.AnnotatedType;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.math.BigDecimal;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** JSON Schemas of Java's types: of what comes in, where null or nothing means the default, and of what goes out. */
final class Schemas {
    private final Comments comments;
    private final Map<String, ObjectNode> records = new TreeMap<>();

    Schemas(Comments comments) {
        this.comments = comments;
    }

    Map<String, ObjectNode> records() {
        return records;
    }

    ObjectNode of(AnnotatedType annotated, boolean input) {
        Type type = annotated.getType();
        Class<?> raw = (Class<?>) (type instanceof ParameterizedType generic ? generic.getRawType() : type);
        ObjectNode schema = object();
        if (Collection.class.isAssignableFrom(raw)) {
            schema.put("type", "array").set("items", of(argument(annotated, 0), input));
        } else if (Map.class.isAssignableFrom(raw)) {
            schema.put("type", "object").set("additionalProperties", of(argument(annotated, 1), input));
        } else {
            schema = of(raw, input);
        }
        constrain(schema, annotated);
        return annotated.isAnnotationPresent(Nullable.class) ? nullable(schema) : schema;
    }

    ObjectNode of(Class<?> type, boolean input) {
        if (type.isRecord()) {
            return reference(type, input);
        }
        ObjectNode schema = object();
        if (type.isEnum()) {
            ArrayNode values = schema.put("type", "string").putArray("enum");
            for (Object constant : type.getEnumConstants()) {
                values.add(Gateway.JSON.valueToTree(constant));
            }
        } else if (type == String.class) {
            schema.put("type", "string");
        } else if (type == Instant.class) {
            schema.put("type", "string").put("format", "date-time");
        } else if (type == Duration.class) {
            // Not the format "duration", which knows no fractions of a second.
            schema.put("type", "string").put("pattern", "^P(\\d+D)?(T(\\d+H)?(\\d+M)?(\\d+(\\.\\d+)?S)?)?$");
        } else if (type == URI.class) {
            schema.put("type", "string").put("format", "uri");
        } else if (type == boolean.class || type == Boolean.class) {
            schema.put("type", "boolean");
        } else if (type == int.class || type == Integer.class) {
            schema.put("type", "integer").put("format", "int32");
        } else if (type == long.class || type == Long.class) {
            schema.put("type", "integer").put("format", "int64");
        } else if (type == BigDecimal.class) {
            schema.put("type", "number");
        } else if (type == ObjectNode.class) {
            schema.put("type", "object");
        } else if (type != Object.class && !type.getName().startsWith("tools.jackson.")) {
            throw new IllegalArgumentException("of " + type + " the document says nothing yet");
        }
        return schema;
    }

    /** A record that comes in, to be written where it is used. */
    ObjectNode inPlace(Class<?> type) {
        String name = of(type, /* input= */ true).get("$ref").asString();
        return Objects.requireNonNull(records.remove(name.substring(name.lastIndexOf('/') + 1)));
    }

    static ObjectNode object() {
        return Gateway.JSON.createObjectNode();
    }

    static AnnotatedType argument(AnnotatedType generic, int index) {
        return ((AnnotatedParameterizedType) generic).getAnnotatedActualTypeArguments()[index];
    }

    private ObjectNode reference(Class<?> type, boolean input) {
        String name = type.getCanonicalName()
                        .substring(type.getPackageName().length())
                        .replaceAll("Controller|\\.", "")
                + (input ? "Input" : "");
        if (!records.containsKey(name)) {
            ObjectNode schema = object().put("type", "object");
            records.put(name, schema);
            comments.of(type.getCanonicalName()).ifPresent(text -> schema.put("description", text));
            ObjectNode properties = object();
            ArrayNode required = Gateway.JSON.createArrayNode();
            fill(type, input, properties, required);
            if (!required.isEmpty()) {
                schema.set("required", required);
            }
            schema.set("properties", properties);
        }
        return object().put("$ref", "#/components/schemas/" + name);
    }

    private void fill(Class<?> type, boolean input, ObjectNode properties, ArrayNode required) {
        for (RecordComponent component : type.getRecordComponents()) {
            if (component.getAccessor().isAnnotationPresent(JsonUnwrapped.class)) {
                fill(component.getType(), input, properties, required);
                continue;
            }
            AnnotatedType annotated = component.getAnnotatedType();
            ObjectNode schema = of(annotated, input);
            boolean needed = input ? isNeeded(annotated) : !mayBeAbsent(component);
            if (needed) {
                required.add(component.getName());
            } else {
                // What comes in may be null instead; what goes out is left out instead of being null.
                schema = input ? nullable(schema) : withoutNull(schema);
            }
            ObjectNode property = schema;
            comments.of(type.getCanonicalName() + ':' + component.getName())
                    .ifPresent(text -> property.put("description", text));
            properties.set(component.getName(), property);
        }
    }

    private static boolean isNeeded(AnnotatedType type) {
        return type.isAnnotationPresent(NotNull.class)
                || type.isAnnotationPresent(NotBlank.class)
                || (type.getType() instanceof Class<?> raw && raw.isPrimitive());
    }

    private static boolean mayBeAbsent(RecordComponent component) {
        AnnotatedElement saying = component.getAccessor().isAnnotationPresent(JsonInclude.class)
                ? component.getAccessor()
                : component.getDeclaringRecord();
        JsonInclude include = saying.getAnnotation(JsonInclude.class);
        return include != null
                && (include.value() != JsonInclude.Include.NON_NULL
                        || component.getAnnotatedType().isAnnotationPresent(Nullable.class));
    }

    private static void constrain(ObjectNode schema, AnnotatedElement type) {
        Size size = type.getAnnotation(Size.class);
        if (size != null) {
            schema.put(schema.path("type").asString().equals("array") ? "maxItems" : "maxLength", size.max());
        }
        if (type.isAnnotationPresent(NotBlank.class)) {
            schema.put("minLength", 1);
        }
        Pattern pattern = type.getAnnotation(Pattern.class);
        if (pattern != null && pattern.regexp().contains("\\p{")) {
            // Classes that JavaScript writes otherwise.
            schema.put("description", pattern.message());
        } else if (pattern != null) {
            schema.put("pattern", "^(?:" + pattern.regexp() + ")$");
        }
        if (type.isAnnotationPresent(Positive.class)) {
            schema.put("exclusiveMinimum", 0);
        }
        Max max = type.getAnnotation(Max.class);
        if (max != null) {
            schema.put("maximum", max.value());
        }
        DecimalMax decimal = type.getAnnotation(DecimalMax.class);
        if (decimal != null) {
            schema.put("maximum", new BigDecimal(decimal.value()));
        }
    }

    private static ObjectNode nullable(ObjectNode schema) {
        if (schema.has("$ref")) {
            ObjectNode either = object();
            either.putArray("anyOf").add(schema).addObject().put("type", "null");
            return either;
        }
        if (schema.path("type").isString()) {
            String type = schema.path("type").asString();
            schema.putArray("type").add(type).add("null");
            if (schema.get("enum") instanceof ArrayNode values) {
                values.addNull();
            }
        }
        return schema;
    }

    private static ObjectNode withoutNull(ObjectNode schema) {
        if (schema.get("anyOf") instanceof ArrayNode either) {
            return (ObjectNode) either.get(0);
        }
        if (schema.get("type") instanceof ArrayNode types) {
            schema.set("type", types.get(0));
        }
        return schema;
    }
}
