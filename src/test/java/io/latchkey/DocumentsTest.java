package io.latchkey;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.latchkey.problems.Refusal;
import io.latchkey.proxy.StubUpstream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** The documents say what the code does. */
class DocumentsTest {
    private static final Path METADATA = Path.of("target/classes/META-INF/spring-configuration-metadata.json");

    /** Rows of the tables in a document, as cells without their backticks where they are wholly quoted. */
    private static List<List<String>> rows(String document) throws IOException {
        return Files.readAllLines(Path.of("docs", document)).stream()
                .filter(line -> line.startsWith("|") && !line.startsWith("|-") && !line.startsWith("| -"))
                .map(line -> Arrays.stream(
                                line.substring(1, line.lastIndexOf('|')).split("(?<!\\\\)\\|"))
                        .map(String::strip)
                        .map(cell -> cell.matches("`[^`]*`") ? cell.substring(1, cell.length() - 1) : cell)
                        .toList())
                .toList();
    }

    @Test
    void errorsAreTheRefusalTable() throws IOException {
        List<List<String>> documented = rows("errors.md").stream()
                .filter(row -> row.size() == 6 && !row.getFirst().equals("code"))
                .toList();
        List<List<String>> real = Arrays.stream(Refusal.values())
                .map(refusal -> List.of(
                        refusal.code(),
                        Integer.toString(refusal.status()),
                        refusal.blame().name().toLowerCase(Locale.ROOT),
                        refusal.retryable() ? "yes" : "no",
                        refusal.meaning(),
                        refusal.remedy()))
                .toList();
        assertThat(documented).containsExactlyElementsOf(real);
    }

    @Test
    void configurationIsEveryPropertyWithItsDefault() throws IOException {
        Map<String, String> real = new LinkedHashMap<>();
        for (JsonNode property :
                Gateway.JSON.readTree(Files.readString(METADATA)).path("properties")) {
            JsonNode value = property.path("defaultValue");
            String text = value.isArray()
                    ? String.join(
                            ",", value.valueStream().map(JsonNode::asString).toList())
                    : value.asString("");
            real.put(property.path("name").stringValue(), text);
        }
        Map<String, String> documented = rows("configuration.md").stream()
                .filter(row -> row.getFirst().startsWith("latchkey."))
                .collect(Collectors.toMap(List::getFirst, row -> row.get(2).equals("none") ? "" : row.get(2)));
        assertThat(documented).containsExactlyInAnyOrderEntriesOf(real);
    }

    @Test
    void metricsAreTheRegisteredMeters(@TempDir Path directory) throws IOException {
        TreeSet<String> real = scrape(directory)
                .lines()
                .filter(line -> line.startsWith("# TYPE latchkey_") || line.startsWith("# TYPE token_usage_"))
                .map(line -> line.substring("# TYPE ".length(), line.lastIndexOf(' ')))
                .collect(Collectors.toCollection(TreeSet::new));
        TreeSet<String> documented = rows("metrics.md").stream()
                .map(List::getFirst)
                .filter(name -> name.startsWith("latchkey_") || name.startsWith("token_usage_"))
                .collect(Collectors.toCollection(TreeSet::new));
        assertThat(documented).isEqualTo(real);
    }

    /** After a call that touches every meter whose labels are not known beforehand. */
    private static String scrape(Path directory) throws IOException {
        try (StubUpstream upstream = StubUpstream.start()) {
            upstream.script((request, wire) -> wire.write(
                    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 12\r\n\r\n{\"tokens\":1}"));
            Path routes = Files.writeString(directory.resolve("routes.yml"), """
                    routes: [ { id: ai, path: /api/ai, upstreams: ["%s"], usage: { tokens: /tokens } } ]
                    """.formatted(upstream.uri()));
            try (Gateway gateway = Gateway.start("--latchkey.routes-file=" + routes)) {
                gateway.send("GET", "/api/ai", "", "X-API-Key", gateway.key("").token());
                return await().until(
                                () -> gateway.actuator("/actuator/prometheus").body(),
                                body -> body.contains("# TYPE latchkey_tokens_total"));
            }
        }
    }

    @Test
    void everyFaultIsInjectedByATestOrAScriptThatExists() throws IOException {
        Pattern injector = Pattern.compile("(\\w+Test)#(\\w+)|(scripts/faults/rows/\\w+)");
        Map<String, Path> classes;
        try (Stream<Path> files = Files.walk(Path.of("src/test/java"))) {
            classes = files.filter(file -> file.toString().endsWith("Test.java"))
                    .collect(Collectors.toMap(
                            file -> file.getFileName().toString().replace(".java", ""), file -> file));
        }
        List<String> missing = new ArrayList<>();
        TreeSet<String> scripts = new TreeSet<>();
        for (List<String> row : rows("faults.md")) {
            if (row.size() != 5 || row.getFirst().equals("row")) {
                continue;
            }
            List<MatchResult> named = injector.matcher(row.get(3)).results().toList();
            if (named.isEmpty()) {
                missing.add(row.getFirst() + " names nothing");
            }
            for (MatchResult name : named) {
                Path file = name.group(3) == null ? classes.get(name.group(1)) : Path.of(name.group(3));
                if (file == null || Files.notExists(file)) {
                    missing.add(name.group());
                } else if (name.group(3) != null) {
                    scripts.add(file.getFileName().toString());
                } else if (!Files.readString(file).contains("void " + name.group(2) + "(")) {
                    missing.add(name.group());
                }
            }
        }
        assertThat(missing).isEmpty();
        try (Stream<Path> rows = Files.list(Path.of("scripts/faults/rows"))) {
            assertThat(rows.map(row -> row.getFileName().toString())).containsExactlyInAnyOrderElementsOf(scripts);
        }
    }

    @Test
    void linksLeadSomewhere() throws IOException {
        try (Stream<Path> files = Files.walk(Path.of("docs"))) {
            Stream<Path> top = Stream.of(Path.of("README.md"), Path.of("CONTRIBUTING.md"), Path.of("CHANGELOG.md"));
            assertThat(Stream.concat(top, files.filter(file -> file.toString().endsWith(".md")))
                            .flatMap(DocumentsTest::brokenLinks))
                    .isEmpty();
        }
    }

    private static Stream<String> brokenLinks(Path document) {
        try {
            String text = Files.readString(document);
            return Pattern.compile("\\]\\((?!https?:|#|mailto:)([^)#\\s]+)")
                    .matcher(text)
                    .results()
                    .map(match -> match.group(1))
                    .filter(link -> Files.notExists(document.toAbsolutePath().resolveSibling(link)))
                    .map(link -> document + " -> " + link);
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }
}
