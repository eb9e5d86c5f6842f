package io.latchkey.routes;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.springframework.boot.context.properties.source.ConfigurationProperty;
import org.springframework.boot.context.properties.source.ConfigurationPropertyName;
import org.springframework.boot.context.properties.source.ConfigurationPropertyName.Form;
import org.springframework.boot.context.properties.source.ConfigurationPropertySource;
import org.springframework.boot.context.properties.source.ConfigurationPropertySources;
import org.springframework.boot.context.properties.source.IterableConfigurationPropertySource;
import org.springframework.core.env.ConfigurableEnvironment;

/** The list {@code latchkey.routes[…]} of the application's configuration, as the same maps and lists YAML gives. */
final class RouteEnvironment {
    private static final ConfigurationPropertyName ROOT = ConfigurationPropertyName.of("latchkey.routes");

    private RouteEnvironment() {}

    static List<?> read(ConfigurableEnvironment environment) {
        // A list comes from one source as a whole, as everywhere in Spring Boot: two sources do not mix.
        for (ConfigurationPropertySource source : ConfigurationPropertySources.get(environment)) {
            if (source instanceof IterableConfigurationPropertySource iterable) {
                Map<String, Object> tree = new TreeMap<>();
                for (ConfigurationPropertyName name : iterable) {
                    if (isBelowRoot(name)) {
                        put(tree, name, iterable.getConfigurationProperty(name));
                    }
                }
                if (!tree.isEmpty()) {
                    return (List<?>) lists(tree);
                }
            }
        }
        return List.of();
    }

    private static boolean isBelowRoot(ConfigurationPropertyName name) {
        int depth = ROOT.getNumberOfElements();
        return ROOT.isAncestorOf(name) && name.isNumericIndex(depth) && name.getNumberOfElements() > depth;
    }

    @SuppressWarnings("unchecked")
    private static void put(
            Map<String, Object> tree,
            ConfigurationPropertyName name,
            @org.jspecify.annotations.Nullable ConfigurationProperty property) {
        if (property == null) {
            return;
        }
        Map<String, Object> node = tree;
        int last = name.getNumberOfElements() - 1;
        for (int i = ROOT.getNumberOfElements(); i < last; i++) {
            Object below = node.computeIfAbsent(key(name, i), k -> new LinkedHashMap<String, Object>());
            if (!(below instanceof Map)) {
                return;
            }
            node = (Map<String, Object>) below;
        }
        node.put(key(name, last), String.valueOf(property.getValue()));
    }

    // An index is written as one sortable word, so that a list is a mapping whose keys are all indices.
    private static String key(ConfigurationPropertyName name, int element) {
        return name.isNumericIndex(element)
                ? "[%06d]".formatted(Integer.parseInt(name.getElement(element, Form.ORIGINAL)))
                : name.getElement(element, Form.ORIGINAL);
    }

    private static Object lists(Object node) {
        if (!(node instanceof Map<?, ?> map)) {
            return node;
        }
        Map<String, Object> sorted = new TreeMap<>();
        map.forEach((key, value) -> sorted.put((String) key, lists(value)));
        boolean isList = !sorted.isEmpty() && sorted.keySet().stream().allMatch(k -> k.matches("\\[\\d{6}]"));
        return isList ? new ArrayList<>(sorted.values()) : sorted;
    }
}
