package io.latchkey.keys;

import io.latchkey.audit.Act;
import io.latchkey.keys.KeyChanges.Reached;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.io.OutputStreamWriter;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;
import org.springframework.web.bind.annotation.DeleteMapping;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/** What an owner of keys may ask for: all that is kept, or that it be forgotten. */
@RestController
class OwnerController {
    private final Owners owners;
    private final AuditedCommits commits;
    private final JsonMapper json;

    OwnerController(Owners owners, AuditedCommits commits, JsonMapper json) {
        this.owners = owners;
        this.commits = commits;
        this.json = json;
    }

    /** Tells all that is kept about an owner; the last line says who had heard of it. */
    @GetMapping({"/admin/owners/{name}/export", "/admin/owners/export"})
    void export(
            @PathVariable(required = false) @Nullable String name,
            @RequestParam(required = false) @Nullable String owner,
            HttpServletRequest request,
            HttpServletResponse response)
            throws IOException {
        String whose = oneOf(name, owner);
        commits.record(Act.of(request, "owner.export"), Owners.pseudonym(whose));
        response.setContentType("application/x-ndjson");
        Writer out = new OutputStreamWriter(response.getOutputStream(), StandardCharsets.UTF_8);
        try {
            Reached reached = owners.tell(whose, (kind, item) -> write(out, kind, item));
            write(out, "end", json.valueToTree(reached));
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
        out.flush();
    }

    private void write(Writer out, String kind, ObjectNode item) {
        ObjectNode line = json.createObjectNode().put("kind", kind);
        line.setAll(item);
        try {
            out.write(json.writeValueAsString(line));
            out.write('\n');
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Revokes the keys of an owner and forgets what is kept about it. */
    @DeleteMapping({"/admin/owners/{name}", "/admin/owners"})
    Owners.Erased erase(
            @PathVariable(required = false) @Nullable String name,
            @RequestParam(required = false) @Nullable String owner,
            @RequestParam(defaultValue = "false") boolean dryRun,
            HttpServletRequest request) {
        return owners.erase(oneOf(name, owner), Act.of(request, "owner.erase"), dryRun);
    }

    /** A path cannot carry every name, such as one with a slash; a query can. */
    private static String oneOf(@Nullable String inPath, @Nullable String inQuery) {
        if (inPath != null && inQuery == null) {
            return inPath;
        }
        if (inPath == null && inQuery != null && !inQuery.isEmpty()) {
            return inQuery;
        }
        throw KeyForms.wrong("owner", "must be named once, in the path or in the query");
    }
}
