package io.latchkey.observability;

import static org.assertj.core.api.Assertions.assertThat;

import io.latchkey.RawClient;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Properties;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Replays every {@code corpus/*.raw} as it is and compares with its {@code .expect}: {@code status} the allowed ones
 * ({@code none} allows no answer at all), {@code closes} whether the server must hang up, {@code reaches} whether the
 * request may get past the front door ({@code aborted}: only with a body that ends in an error).
 *
 * <p>No file's request may bring a path with {@code smuggled} past the front door, whatever the answer.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class RawRequestCorpusTest {
    private static final Path CORPUS = Path.of("src/test/resources/corpus");
    private static final JsonMapper JSON = JsonMapper.builder().build();

    private TestFront front;

    @BeforeAll
    void open() {
        front = new TestFront();
    }

    @AfterAll
    void close() {
        front.close();
    }

    static Stream<Path> requests() throws IOException {
        try (Stream<Path> files = Files.list(CORPUS)) {
            return files.filter(file -> file.toString().endsWith(".raw")).sorted().toList().stream();
        }
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("requests")
    void ambiguousOrMalformedRequestIsRefusedAndNeverReadTwice(Path file) throws IOException {
        Properties expected = new Properties();
        try (var in = Files.newBufferedReader(Path.of(file.toString().replace(".raw", ".expect")))) {
            expected.load(in);
        }
        front.probe().seen.clear();

        RawClient.Exchange exchange = RawClient.exchange(front.port(), Files.readAllBytes(file));

        List<String> allowed = Arrays.asList(expected.getProperty("status").split(" "));
        if (exchange.answers().isEmpty()) {
            assertThat(allowed).contains("none");
        }
        for (RawClient.Answer answer : exchange.answers()) {
            assertThat(allowed).as(exchange.raw()).contains(Integer.toString(answer.status()));
            assertFit(answer, expected.getProperty("body", "problem"));
        }
        boolean closes = Boolean.parseBoolean(expected.getProperty("closes"));
        assertThat(exchange.closed()).as("closed after %s", exchange.raw()).isEqualTo(closes);
        assertReach(expected.getProperty("reaches", "no"));
    }

    private void assertReach(String reaches) {
        List<Probe.Seen> seen = front.probe().seen;
        assertThat(seen).noneMatch(request -> request.path().contains("smuggled"));
        switch (reaches) {
            case "no" -> assertThat(seen).isEmpty();
            case "aborted" -> assertThat(seen).noneMatch(Probe.Seen::complete);
            default -> assertThat(seen).hasSizeLessThanOrEqualTo(1);
        }
    }

    private static void assertFit(RawClient.Answer answer, String body) {
        if (answer.status() < 400) {
            return;
        }
        assertThat(answer.header("Server")).isNull();
        assertThat(answer.header("X-Content-Type-Options")).isEqualTo("nosniff");
        assertThat(answer.header("X-Correlation-ID")).isNotNull();
        if (body.equals("none")) {
            assertThat(answer.text()).isEmpty();
            return;
        }
        assertThat(answer.header("Content-Type")).isEqualTo("application/problem+json");
        JsonNode problem = JSON.readTree(answer.text());
        assertThat(problem.path("status").intValue()).isEqualTo(answer.status());
        assertThat(problem.path("requestId").stringValue()).isEqualTo(answer.header("X-Correlation-ID"));
        assertThat(problem.path("code").stringValue()).isNotBlank();
        assertThat(answer.text())
                .doesNotContain("Exception", "org.eclipse", "jetty", "java.", "\tat ")
                .doesNotContain("\n");
    }
}
