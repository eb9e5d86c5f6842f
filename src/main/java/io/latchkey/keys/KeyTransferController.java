package io.latchkey.keys;

import io.latchkey.audit.Act;
import io.latchkey.keys.Key.Kind;
import io.latchkey.problems.Refusal;
import io.latchkey.problems.Refused;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStreamWriter;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RestController;
import tools.jackson.databind.json.JsonMapper;

/** Many keys at once: revoke, export, import; each batch is one step with one audit entry. */
@RestController
@RequestMapping("/admin/keys")
class KeyTransferController {
    private static final int BATCH = 500;
    private static final int LINE_MAX = 64 * 1024;
    private static final String NDJSON = "application/x-ndjson";

    private final KeyStore store;
    private final KeyChanges changes;
    private final AuditedCommits commits;
    private final KeyImports imports;
    private final KeyLines lines;
    private final CsvKeys csv;
    private final JsonMapper json;
    private final InstantSource time;

    KeyTransferController(
            KeyStore store,
            KeyChanges changes,
            AuditedCommits commits,
            KeyImports imports,
            KeyLines lines,
            CsvKeys csv,
            JsonMapper json,
            InstantSource time) {
        this.store = store;
        this.changes = changes;
        this.commits = commits;
        this.imports = imports;
        this.lines = lines;
        this.csv = csv;
        this.json = json;
        this.time = time;
    }

    /** Which keys to revoke: of an owner, with a tag, or all; but never those excepted. */
    record BulkRevoke(
            @Nullable String owner,
            @Nullable String tag,
            @Nullable List<String> exceptIds,
            @Nullable Boolean dryRun) {
        BulkRevoke {
            exceptIds = exceptIds == null ? null : List.copyOf(exceptIds);
        }

        boolean matches(Key key) {
            return key.revokedAt() == null
                    && (owner == null || owner.equals(key.profile().owner()))
                    && (tag == null || key.profile().tags().contains(tag))
                    && (exceptIds == null || !Set.copyOf(exceptIds).contains(key.id()));
        }
    }

    /** How many keys were meant, and how many are revoked now. */
    record BulkRevoked(long matched, long revoked) {}

    /** Revokes all keys of an owner, with a tag, or all but those named. */
    @PostMapping("/bulk-revoke")
    BulkRevoked bulkRevoke(@RequestBody BulkRevoke wanted, HttpServletRequest request) {
        if (wanted.owner() == null && wanted.tag() == null && wanted.exceptIds() == null) {
            throw new Refused(
                    Refusal.BAD_REQUEST, "Name an owner, a tag, or exceptIds; exceptIds alone revokes all other keys.");
        }
        refuseUnknown(wanted.exceptIds());
        Act act = Act.of(request, "key.bulk-revoke");
        boolean dryRun = Boolean.TRUE.equals(wanted.dryRun());
        long matched = 0;
        long revoked = 0;
        List<String> ids = store.ids(Kind.API, null, BATCH);
        while (!ids.isEmpty()) {
            Predicate<Key> meant = wanted::matches;
            matched += store.load(ids).stream().filter(meant).count();
            if (!dryRun) {
                revoked += changes.changeAll(
                                ids,
                                act,
                                "keys",
                                key -> meant.test(key) ? Optional.of(key.revoked(time.instant())) : Optional.empty())
                        .size();
            }
            ids = store.ids(Kind.API, ids.getLast(), BATCH);
        }
        return new BulkRevoked(matched, revoked);
    }

    /** A mistyped id would revoke the very key that was to be spared. */
    private void refuseUnknown(@Nullable List<String> exceptIds) {
        if (exceptIds != null) {
            List<String> unknown = new ArrayList<>(exceptIds);
            store.load(exceptIds).forEach(key -> unknown.remove(key.id()));
            if (!unknown.isEmpty()) {
                throw new Refused(
                        Refusal.UNPROCESSABLE, "exceptIds: no such keys: " + unknown + "; nothing was revoked.");
            }
        }
    }

    /** Exports all keys, with digests and no plaintext. */
    @GetMapping("/export")
    void export(HttpServletRequest request, HttpServletResponse response) throws IOException {
        commits.record(Act.of(request, "key.export"), "keys");
        response.setContentType(NDJSON);
        Writer out = new OutputStreamWriter(response.getOutputStream(), StandardCharsets.UTF_8);
        List<String> ids = store.ids(Kind.API, null, BATCH);
        while (!ids.isEmpty()) {
            for (Key key : store.load(ids)) {
                out.write(lines.line(key));
                out.write('\n');
            }
            ids = store.ids(Kind.API, ids.getLast(), BATCH);
        }
        out.flush();
    }

    /** Imports keys line by line, so that a million need no more memory than one batch; tells what became of each. */
    @PostMapping("/import")
    void importKeys(HttpServletRequest request, HttpServletResponse response) throws IOException {
        Act act = Act.of(request, "key.import");
        String type = Optional.ofNullable(request.getContentType())
                .orElse(NDJSON)
                .split(";", 2)[0]
                .strip();
        boolean isCsv = type.equalsIgnoreCase("text/csv");
        if (!isCsv && !type.equalsIgnoreCase(NDJSON)) {
            throw new Refused(Refusal.UNSUPPORTED_MEDIA_TYPE, "Send " + NDJSON + " or text/csv.");
        }
        BufferedReader in = new BufferedReader(new InputStreamReader(request.getInputStream(), StandardCharsets.UTF_8));
        LineParser parser = isCsv ? csv.header(nextLine(in)) : lines::parse;
        response.setContentType(NDJSON);
        Writer out = new OutputStreamWriter(response.getOutputStream(), StandardCharsets.UTF_8);
        Map<Integer, Key> batch = new LinkedHashMap<>();
        int number = isCsv ? 1 : 0;
        for (String line = nextLine(in); line != null; line = nextLine(in)) {
            number++;
            if (line.isBlank()) {
                continue;
            }
            try {
                batch.put(number, parser.parse(line));
            } catch (KeyLines.Unreadable e) {
                write(out, new Result(number, null, "refused", e.getMessage()));
            }
            if (batch.size() == BATCH) {
                store(batch, act, out);
                batch.clear();
            }
        }
        store(batch, act, out);
        out.flush();
    }

    /** Reads one line of either format. */
    interface LineParser {
        Key parse(String line) throws KeyLines.Unreadable;
    }

    /** What became of one line. */
    record Result(
            int line,
            @Nullable String id,
            String status,
            @Nullable String error) {}

    private void store(Map<Integer, Key> batch, Act act, Writer out) throws IOException {
        List<Integer> numbers = new ArrayList<>(batch.keySet());
        List<KeyImports.Imported> imported = imports.importAll(List.copyOf(batch.values()), act);
        for (int i = 0; i < imported.size(); i++) {
            KeyImports.Imported each = imported.get(i);
            write(out, new Result(numbers.get(i), each.id(), each.status(), each.error()));
        }
    }

    private void write(Writer out, Result result) throws IOException {
        out.write(json.writeValueAsString(result));
        out.write('\n');
    }

    private static @Nullable String nextLine(BufferedReader in) throws IOException {
        StringBuilder line = new StringBuilder();
        int c = in.read();
        if (c < 0) {
            return null;
        }
        for (; c >= 0 && c != '\n'; c = in.read()) {
            if (line.length() >= LINE_MAX) {
                throw new Refused(Refusal.REQUEST_TOO_LARGE, "A line is longer than " + LINE_MAX + " characters.");
            }
            line.append((char) c);
        }
        return line.toString().stripTrailing();
    }
}
