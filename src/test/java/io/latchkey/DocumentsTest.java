package io.latchkey;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.latchkey.problems.Refusal;
import io.latchkey.proxy.StubUpstream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** The documents say what the code does. */
class DocumentsTest {
    private static final Path METADATA = Path.of("target/classes/META-INF/spring-configuration-metadata.json");

    /** A test, or a script that tests. */
    private static final Pattern PROOF =
            Pattern.compile("(?<type>\\w+Test)#(?<method>\\w+)|(?<script>scripts/(?:\\w+/)+\\w+)");

    private static final Pattern LINK =
            Pattern.compile("]\\((?!https?:|mailto:)(?<path>[^)#\\s]*)(?:#(?<anchor>[^)\\s]*))?\\)");

    private static final Pattern HEADING = Pattern.compile("(?m)^#{1,6} +(.*)$");

    private static final Pattern VARIABLE = Pattern.compile("[A-Z][A-Z0-9_]+");

    /** As Compose writes them: with a default, or refused without. */
    private static final Pattern OF_COMPOSE =
            Pattern.compile("(?<!\\$)\\$\\{(?<name>\\w+)(?::-(?<otherwise>[^}]*)|:\\?[^}]*)?}");

    /** In an example of .env, and in what Kubernetes gives to the gateway. */
    private static final Pattern GIVEN =
            Pattern.compile("(?m)(?:^|[-\\[,] *|name: )(?<name>[A-Z][A-Z0-9]*_[A-Z0-9_]+)(?=[=,]|$)");

    private static final Map<String, Path> TEST_CLASSES = testClasses();

    private static Map<String, Path> testClasses() {
        try (Stream<Path> files = Files.walk(Path.of("src/test/java"))) {
            return files.filter(file -> file.toString().endsWith("Test.java"))
                    .collect(Collectors.toMap(
                            file -> file.getFileName().toString().replace(".java", ""), file -> file));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Rows of the tables of so many columns, without their heads. */
    private static List<List<String>> rows(String document, int columns) throws IOException {
        return rows(document).stream()
                .filter(row -> row.size() == columns && !row.getFirst().equals("row"))
                .toList();
    }

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
    void everyVariableIsRead() throws IOException {
        String application = Files.readString(Path.of("src/main/resources/application.yml"));
        for (List<String> row : rows("configuration.md")) {
            if (row.getFirst().startsWith("latchkey.")) {
                String name = row.get(1);
                // Spring finds the property by the name without its signs.
                assertThat(application.contains("${" + name + ":")
                                || name.replace("_", "")
                                        .equals(row.getFirst()
                                                .replaceAll("[.-]", "")
                                                .toUpperCase(Locale.ROOT)))
                        .as(name)
                        .isTrue();
            }
        }
    }

    @Test
    void theStackReadsTheVariablesThatAreDocumentedForIt() throws IOException {
        Set<String> ofTheGateway = ofTheGateway();
        Map<String, String> real = new TreeMap<>(Map.of("COMPOSE_PROJECT_NAME", "none"));
        for (String file : List.of("docker-compose.yml", "docker-compose.monitoring.yml")) {
            OF_COMPOSE.matcher(Files.readString(Path.of(file))).results().forEach(variable -> {
                String otherwise = Objects.requireNonNullElse(variable.group("otherwise"), "");
                if (!ofTheGateway.contains(variable.group("name"))) {
                    real.put(variable.group("name"), otherwise.isEmpty() ? "none" : otherwise);
                }
            });
        }
        assertThat(ofTheStack()).containsExactlyInAnyOrderEntriesOf(real);
    }

    private static Map<String, String> ofTheStack() throws IOException {
        return rows("configuration.md", 3).stream()
                .filter(row -> VARIABLE.matcher(row.getFirst()).matches())
                .collect(Collectors.toMap(List::getFirst, row -> row.get(1)));
    }

    private static Set<String> ofTheGateway() throws IOException {
        return rows("configuration.md", 4).stream()
                .flatMap(row -> row.stream().limit(2))
                .filter(cell -> VARIABLE.matcher(cell).matches())
                .collect(Collectors.toSet());
    }

    @Test
    void everyVariableThatIsGivenIsDocumented() throws IOException {
        try (Stream<Path> top = Files.list(Path.of(""));
                Stream<Path> kubernetes = Files.walk(Path.of("k8s"))) {
            List<Path> files = Stream.concat(
                            top.filter(file -> file.toString().matches("\\.env.*\\.example")),
                            kubernetes.filter(file -> file.toString().endsWith(".yaml")))
                    .toList();
            assertThat(files).hasSizeGreaterThan(3);
            for (Path file : files) {
                assertThat(undocumented(file)).as(file.toString()).isEmpty();
            }
        }
    }

    private static List<String> undocumented(Path file) throws IOException {
        Set<String> documented = new TreeSet<>(ofTheGateway());
        documented.addAll(ofTheStack().keySet());
        return GIVEN.matcher(Files.readString(file))
                .results()
                .map(variable -> variable.group("name"))
                .filter(name -> !documented.contains(name))
                .toList();
    }

    @Test
    void aVariableThatNoDocumentNamesIsFound(@TempDir Path directory) throws IOException {
        Path planted = Files.writeString(directory.resolve(".env"), "LOG_LEVEL=INFO\nNOBODY_KNOWS=1\n");
        assertThat(undocumented(planted)).containsExactly("NOBODY_KNOWS");
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
                    routes:
                      - { id: ai, path: /api/ai, upstreams: ["%1$s"], usage: { tokens: /tokens } }
                      - { id: mute, path: /api/mute, upstreams: ["%1$s"], usage: { tokens: /elsewhere } }
                    """.formatted(upstream.uri()));
            try (Gateway gateway = Gateway.start("--latchkey.routes-file=" + routes)) {
                String token = gateway.key("\"budgets\":[{\"unit\":\"tokens\",\"amount\":1,\"window\":\"P1D\"}]")
                        .token();
                gateway.send("GET", "/api/mute", "", "X-API-Key", token);
                await().until(() ->
                        gateway.send("GET", "/api/ai", "", "X-API-Key", token).status() == 429);
                return await().until(
                                () -> gateway.actuator("/actuator/prometheus").body(),
                                body -> body.contains("# TYPE latchkey_tokens_total")
                                        && body.contains("# TYPE latchkey_usage_unsaid_total"));
            }
        }
    }

    @Test
    void everyFaultIsInjectedByATestOrAScriptThatExists() throws IOException {
        TreeSet<String> scripts = new TreeSet<>();
        for (List<String> row : rows("faults.md", 5)) {
            scripts.addAll(namedScripts(row.getFirst(), row.get(3)));
        }
        try (Stream<Path> rows = Files.list(Path.of("scripts/faults/rows"))) {
            assertThat(rows.map(Path::toString)).isNotEmpty().isSubsetOf(scripts);
        }
    }

    @Test
    void everyRiskOfTheTenAndEveryRequirementOfTheStandardIsProvenByATestThatExists() throws IOException {
        List<String> risks = sections("owasp.md", "API\\d+:2023");
        assertThat(risks)
                .extracting(section -> section.substring(0, section.indexOf(':')))
                .containsExactly("API1", "API2", "API3", "API4", "API5", "API6", "API7", "API8", "API9", "API10");
        for (String risk : risks) {
            assertThat(risk).contains("**Tried:**", "**Done:**", "**Proven by:**", "**Left to the upstream:**");
            namedScripts(risk, risk.substring(risk.indexOf("**Proven by:**"), risk.indexOf("**Left to")));
        }
        List<List<String>> requirements = rows("owasp.md", 4);
        assertThat(requirements).isNotEmpty().extracting(List::getFirst).doesNotHaveDuplicates();
        for (List<String> row : requirements) {
            assertThat(row.getFirst()).matches("\\d+\\.\\d+\\.\\d+");
            namedScripts(row.getFirst(), row.get(3));
        }
    }

    /** Headings of the second order that begin so, each with what stands below it. */
    private static List<String> sections(String document, String beginning) throws IOException {
        return Arrays.stream(Files.readString(Path.of("docs", document)).split("\n## ", -1))
                .filter(section -> section.matches("(?s)" + beginning + " .*"))
                .toList();
    }

    /** The scripts among the tests and scripts that a text names; one at least is named, and all exist. */
    private static Set<String> namedScripts(String what, String text) throws IOException {
        List<MatchResult> named = PROOF.matcher(text).results().toList();
        assertThat(named).as(what).isNotEmpty();
        for (MatchResult name : named) {
            Path file =
                    name.group("script") == null ? TEST_CLASSES.get(name.group("type")) : Path.of(name.group("script"));
            assertThat(file).as(what + ": " + name.group()).isNotNull().exists();
            if (name.group("method") != null) {
                assertThat(Files.readString(file))
                        .as(what + ": " + name.group())
                        .contains("void " + name.group("method") + "(");
            }
        }
        return named.stream()
                .map(name -> name.group("script"))
                .filter(Objects::nonNull)
                .collect(Collectors.toSet());
    }

    @Test
    void linksLeadSomewhere() throws IOException {
        try (Stream<Path> top = Files.list(Path.of(""));
                Stream<Path> docs = Files.walk(Path.of("docs"));
                Stream<Path> templates = Files.walk(Path.of(".github"))) {
            assertThat(Stream.of(top, docs, templates)
                            .flatMap(files -> files)
                            .filter(file -> file.toString().endsWith(".md"))
                            .flatMap(DocumentsTest::brokenLinks))
                    .isEmpty();
        }
    }

    @Test
    void aLinkThatLeadsNowhereIsFound(@TempDir Path directory) throws IOException {
        Path planted = Files.writeString(directory.resolve("planted.md"), """
                # Here
                [itself](#here), [a file](planted.md), [its heading](planted.md#here)
                [nothing](nothing.md), [no heading](planted.md#there), [none here](#there)
                """);
        assertThat(brokenLinks(planted))
                .containsExactly(
                        planted + " -> ](nothing.md)", planted + " -> ](planted.md#there)", planted + " -> ](#there)");
    }

    private static Stream<String> brokenLinks(Path document) {
        return LINK.matcher(prose(document))
                .results()
                .filter(link -> !leads(document, link.group("path"), link.group("anchor")))
                .map(link -> document + " -> " + link.group());
    }

    private static boolean leads(Path document, String path, @Nullable String anchor) {
        Path target = path.isEmpty() ? document : document.toAbsolutePath().resolveSibling(path);
        return Files.exists(target)
                && (anchor == null
                        || (!path.isEmpty() && !path.endsWith(".md"))
                        || anchors(target).contains(anchor));
    }

    /** Of its headings, as sites that show Markdown make them. */
    private static Set<String> anchors(Path document) {
        Set<String> anchors = new TreeSet<>();
        for (MatchResult heading : HEADING.matcher(prose(document)).results().toList()) {
            String anchor = heading.group(1)
                    .replaceAll("\\[([^]]*)]\\([^)]*\\)", "$1")
                    .toLowerCase(Locale.ROOT)
                    .replaceAll("[^\\p{L}\\p{N}_ -]", "")
                    .replace(' ', '-');
            int earlier = 0;
            while (!anchors.add(earlier == 0 ? anchor : anchor + '-' + earlier)) {
                earlier++;
            }
        }
        return anchors;
    }

    /** Without its blocks of code. */
    private static String prose(Path document) {
        try {
            return Files.readString(document).replaceAll("(?ms)^```.*?^```$", "");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
