package io.latchkey.reference;

import static org.assertj.core.api.Assertions.assertThat;

import io.latchkey.Gateway;
import io.latchkey.Gateway.Answer;
import io.latchkey.Gateway.Made;
import java.io.IOException;
import java.net.http.HttpHeaders;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.JsonNode;

/** The examples of the document, each pasted into a shell; needs bash and curl (Debian: curl). */
@Tag("tool")
class ExamplesTest {
    private static final Gateway GATEWAY = Gateway.start();
    private static final JsonNode DOCUMENT = document();

    private static final String SAYS_ALL = "curl() { command curl --silent --show-error --include \"$@\"; }\n";

    private static JsonNode document() {
        return GATEWAY.send("GET", "/openapi.json", "").json();
    }

    @AfterAll
    static void stop() {
        GATEWAY.close();
    }

    record Example(String method, String path, String text) {
        @Override
        public String toString() {
            return method + ' ' + path;
        }
    }

    private static Stream<Example> examples() {
        return DOCUMENT.get("paths")
                .propertyStream()
                .flatMap(path -> path.getValue()
                        .propertyStream()
                        .map(verb -> new Example(
                                verb.getKey().toUpperCase(Locale.ROOT),
                                path.getKey(),
                                block(verb.getValue().get("description").asString()))));
    }

    private static String block(String text) {
        Matcher block = Pattern.compile("```bash\n(.*?)\n```", Pattern.DOTALL).matcher(text);
        assertThat(block.find()).as(text).isTrue();
        return block.group(1);
    }

    /** Something of its own for each, for some examples end what they are about. */
    private static Map<String, String> variables(Example example) {
        Map<String, String> variables = new HashMap<>();
        Made key = GATEWAY.key("\"owner\":\"team-red\",\"scopes\":[\"keys:rotate-self\"]");
        String token = GATEWAY.admin("POST", "/admin/tokens", "{\"name\":\"t\",\"role\":\"viewer\"}")
                .get("id");
        variables.put("GW", "http://127.0.0.1:" + GATEWAY.port());
        variables.put("ADMIN_TOKEN", Gateway.ADMIN_TOKEN);
        variables.put("API_KEY", key.token());
        variables.put("KEY_ID", key.id());
        variables.put("TOKEN_ID", token);
        variables.put("UNTIL", Instant.now().plus(Duration.ofDays(2)).toString());
        if (example.path().contains("{rotationId}")) {
            String whose = example.path().contains("/tokens/") ? "/admin/tokens/" + token : "/admin/keys/" + key.id();
            variables.put(
                    "ROTATION_ID",
                    GATEWAY.admin("POST", whose + "/rotations", "{}").get("id"));
        }
        String first = block(DOCUMENT.at("/info/description").asString());
        assertThat(variables.keySet()).allMatch(name -> first.contains(name + "="));
        return variables;
    }

    @ParameterizedTest
    @MethodSource("examples")
    void worksWhenPasted(Example example) throws IOException, InterruptedException {
        ProcessBuilder shell = new ProcessBuilder("bash", "-euc", SAYS_ALL + example.text()).redirectErrorStream(true);
        shell.environment().putAll(variables(example));
        Process process = shell.start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(example.text() + '\n' + said).isZero();
        String[] parts = said.split("\r\n\r\n", 2);
        List<String> head = parts[0].lines().toList();
        int status = Integer.parseInt(head.getFirst().split(" ", -1)[1]);
        assertThat(status).as(said).isBetween(200, 299);
        HttpHeaders headers = HttpHeaders.of(
                head.stream()
                        .skip(1)
                        .map(line -> line.split(": ", 2))
                        .collect(Collectors.groupingBy(
                                line -> line[0], Collectors.mapping(line -> line[1], Collectors.toList()))),
                (name, value) -> true);
        Contract.check(example.method(), example.path(), "", "", new Answer(status, headers, parts[1]));
    }
}
