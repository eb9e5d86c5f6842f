package io.latchkey.audit;

import io.latchkey.problems.Refusal;
import io.latchkey.problems.Refused;
import io.lettuce.core.StreamMessage;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Reads and verifies the chain over HTTP. */
@RestController
@RequestMapping("/admin/audit")
class AuditController {
    private static final int LIMIT_MAX = 200;
    private static final Pattern CURSOR = Pattern.compile("[1-9][0-9]{0,17}");

    private final Audit audit;
    private final JsonMapper json;

    AuditController(Audit audit, JsonMapper json) {
        this.audit = audit;
        this.json = json;
    }

    /**
     * One page.
     *
     * @param items entries as they were written, with {@code seq}, {@code at}, {@code actor}, {@code action}, {@code
     *     target}, {@code outcome}, {@code address}, {@code requestId}, {@code before} and {@code after}
     * @param next null at the end
     */
    record Page(List<JsonNode> items, @Nullable String next) {}

    /** Lists what operators did, newest first. */
    @GetMapping
    Page page(@RequestParam(defaultValue = "") String cursor, @RequestParam(defaultValue = "50") int limit) {
        if (limit < 1 || limit > LIMIT_MAX) {
            throw new Refused(Refusal.BAD_REQUEST, "limit: " + limit + " (expected: 1 to " + LIMIT_MAX + ")");
        }
        List<StreamMessage<String, String>> page = audit.page(parse(cursor), limit);
        List<JsonNode> items = new ArrayList<>(page.size());
        String next = null;
        for (StreamMessage<String, String> message : page) {
            items.add(read(message));
            String id = message.getId();
            next = id.substring(0, id.indexOf('-'));
        }
        return new Page(items, page.size() < limit || "1".equals(next) ? null : next);
    }

    /** Walks the whole chain of entries and tells whether it is intact. */
    @GetMapping("/verify")
    Audit.Verdict verify() {
        return audit.verify();
    }

    /** What somebody forged into the log is shown as it is; {@link Audit#verify} says that it is forged. */
    private JsonNode read(StreamMessage<String, String> message) {
        String entry = message.getBody().getOrDefault("entry", "");
        try {
            return json.readTree(entry);
        } catch (JacksonException e) {
            return json.createObjectNode().put("unreadable", entry);
        }
    }

    /** Only as a page says it: who gets zero or less would begin anew where he wanted to go on. */
    private static long parse(String cursor) {
        if (cursor.isEmpty()) {
            return 0;
        }
        if (!CURSOR.matcher(cursor).matches()) {
            throw new Refused(Refusal.BAD_REQUEST, "cursor: take it from the answer's \"next\"");
        }
        return Long.parseLong(cursor);
    }
}
