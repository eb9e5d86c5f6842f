package io.latchkey.keys;

import io.latchkey.audit.Act;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.io.OutputStreamWriter;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import org.springframework.web.bind.annotation.DeleteMapping;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/** What an owner of keys may ask for: all that is kept, or that it be forgotten. */
@RestController
@RequestMapping("/admin/owners/{owner}")
class OwnerController {
    private final Owners owners;
    private final AuditedCommits commits;
    private final JsonMapper json;

    OwnerController(Owners owners, AuditedCommits commits, JsonMapper json) {
        this.owners = owners;
        this.commits = commits;
        this.json = json;
    }

    @GetMapping("/export")
    void export(@PathVariable String owner, HttpServletRequest request, HttpServletResponse response)
            throws IOException {
        commits.record(Act.of(request, "owner.export"), Owners.pseudonym(owner));
        response.setContentType("application/x-ndjson");
        Writer out = new OutputStreamWriter(response.getOutputStream(), StandardCharsets.UTF_8);
        try {
            owners.tell(owner, (kind, item) -> {
                ObjectNode line = json.createObjectNode().put("kind", kind);
                line.setAll(item);
                try {
                    out.write(json.writeValueAsString(line));
                    out.write('\n');
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            });
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
        out.flush();
    }

    @DeleteMapping
    Owners.Erased erase(
            @PathVariable String owner,
            @RequestParam(defaultValue = "false") boolean dryRun,
            HttpServletRequest request) {
        return owners.erase(owner, Act.of(request, "owner.erase"), dryRun);
    }
}
