package io.latchkey.keys;

import io.latchkey.problems.Refusal;
import io.latchkey.problems.Refused;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** RFC 4180 lines with a header: a column {@code token} and any of the profile's fields; lists are split at spaces. */
@Component
class CsvKeys {
    private static final Set<String> LISTS = Set.of("scopes", "tags", "allowedCidrs");
    private static final Set<String> COLUMNS =
            Set.of("token", "name", "owner", "env", "scopes", "tags", "allowedCidrs", "expiresAt", "rotateEvery");

    private final KeyLines lines;
    private final JsonMapper json;

    CsvKeys(KeyLines lines, JsonMapper json) {
        this.lines = lines;
        this.json = json;
    }

    KeyTransferController.LineParser header(@Nullable String line) {
        List<String> columns = columns(line);
        if (!columns.contains("token") || !COLUMNS.containsAll(columns)) {
            throw new Refused(
                    Refusal.BAD_REQUEST,
                    "The first line must name the columns: token, and any of name, owner, env, scopes, tags,"
                            + " allowedCidrs, expiresAt, rotateEvery.");
        }
        return row -> parse(columns, row);
    }

    private static List<String> columns(@Nullable String line) {
        try {
            return line == null ? List.of() : split(line.startsWith("\uFEFF") ? line.substring(1) : line);
        } catch (KeyLines.Unreadable e) {
            throw new Refused(Refusal.BAD_REQUEST, "The first line: " + e.getMessage() + ".", e);
        }
    }

    private Key parse(List<String> columns, String row) throws KeyLines.Unreadable {
        List<String> values = split(row);
        if (values.size() != columns.size()) {
            throw new KeyLines.Unreadable(values.size() + " columns (expected: " + columns.size() + ")");
        }
        ObjectNode form = json.createObjectNode();
        for (int i = 0; i < columns.size(); i++) {
            String value = values.get(i);
            if (LISTS.contains(columns.get(i))) {
                ArrayNode list = form.putArray(columns.get(i));
                for (String each : value.split(" ", -1)) {
                    if (!each.isEmpty()) {
                        list.add(each);
                    }
                }
            } else if (!value.isEmpty()) {
                form.put(columns.get(i), value);
            }
        }
        String token = form.has("token") ? form.remove("token").asString() : "";
        if (!form.has("name")) {
            form.put("name", "imported");
        }
        return lines.plain(token, form);
    }

    /** A quote may only begin or end a value, or stand doubled inside; anything else would be another token. */
    private static List<String> split(String line) throws KeyLines.Unreadable {
        List<String> values = new ArrayList<>();
        StringBuilder value = new StringBuilder();
        boolean quoted = false;
        boolean closed = false;
        for (int i = 0; i < line.length(); i++) {
            char c = line.charAt(i);
            if (quoted && c == '"') {
                boolean doubled = i + 1 < line.length() && line.charAt(i + 1) == '"';
                if (doubled) {
                    value.append('"');
                    i++;
                }
                closed = !doubled;
                quoted = doubled;
            } else if (c == ',' && !quoted) {
                values.add(value.toString());
                value.setLength(0);
                closed = false;
            } else if (c == '"' && value.isEmpty() && !closed) {
                quoted = true;
            } else if (closed || (c == '"' && !quoted)) {
                throw new KeyLines.Unreadable("a quote is not at the beginning or end of its value, or not doubled");
            } else {
                value.append(c);
            }
        }
        if (quoted) {
            throw new KeyLines.Unreadable("a quote is never closed");
        }
        values.add(value.toString());
        return values;
    }
}
