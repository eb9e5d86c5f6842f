package io.latchkey.routes;

import static org.assertj.core.api.Assertions.assertThat;

import io.latchkey.Gateway;
import io.latchkey.Gateway.Answer;
import io.latchkey.proxy.StubUpstream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The ready route files work as they are, but for the host, for which a stub stands in. */
class RouteFilesTest {
    private static final Path FILES = Path.of("docs/routes");

    @TempDir
    private static Path directory;

    private static StubUpstream upstream;
    private static Gateway gateway;

    @BeforeAll
    static void start() throws IOException {
        upstream = StubUpstream.start();
        StringBuilder all = new StringBuilder("routes:\n");
        for (Path file : files()) {
            String yaml = Files.readString(file);
            assertThat(yaml).as(file.toString()).containsOnlyOnce("\nroutes:\n").contains("curl ");
            all.append(yaml.substring(yaml.indexOf("\nroutes:\n") + "\nroutes:\n".length())
                    .replaceAll("upstreams: \\[\"https://[a-z0-9.-]+", "upstreams: [\"" + upstream.uri()));
        }
        Path routes = Files.writeString(directory.resolve("routes.yml"), all);
        gateway = Gateway.start(
                "--latchkey.routes-file=" + routes,
                "--OPENAI_API_KEY=openai-dummy",
                "--STRIPE_API_KEY=stripe-dummy",
                "--HUBSPOT_TOKEN=hubspot-dummy",
                "--APOLLO_API_KEY=apollo-dummy");
    }

    @AfterAll
    static void stop() throws IOException {
        gateway.close();
        upstream.close();
    }

    private static List<Path> files() throws IOException {
        try (Stream<Path> files = Files.list(FILES)) {
            return files.sorted().toList();
        }
    }

    @Test
    void thereAreFive() throws IOException {
        assertThat(files().stream().map(file -> file.getFileName().toString()))
                .containsExactly("apollo.yml", "hubspot.yml", "openai.yml", "s3.yml", "stripe.yml");
        assertThat(gateway.bean(Routes.class).all()).hasSize(5);
    }

    @ParameterizedTest
    @CsvSource({
        "openai, POST, /v1/chat/completions, /v1/chat/completions, Authorization, Bearer openai-dummy",
        "stripe, POST, /v1/customers, /v1/customers, Authorization, Bearer stripe-dummy",
        "hubspot, GET, /crm/v3/objects/contacts?limit=10, /crm/v3/objects/contacts?limit=10, Authorization, "
                + "Bearer hubspot-dummy",
        "apollo, POST, /mixed_people/search, /api/v1/mixed_people/search, X-Api-Key, apollo-dummy",
        "s3, GET, /a/report.pdf?X-Amz-Signature=abc, /a/report.pdf?X-Amz-Signature=abc, Authorization, ''",
    })
    void aRequestArrivesWithTheProvidersCredentialAndNotTheCallers(
            String id, String method, String path, String target, String header, String value) {
        String token = gateway.key("\"scopes\":[\"" + id + ":use\"]").token();
        String body = method.equals("POST") ? "{}" : "";
        Answer answer =
                gateway.send(method, "/api/" + id + path, body, "X-API-Key", token, "Content-Type", "application/json");
        assertThat(answer.status()).as(answer.body()).isEqualTo(200);
        assertThat(upstream.last().target()).isEqualTo(target);
        assertThat(String.join("", upstream.last().values(header))).isEqualTo(value);
        assertThat(upstream.last().head()).doesNotContain(token);
        String other = gateway.key("").token();
        assertThat(gateway.send(method, "/api/" + id + path, body, "X-API-Key", other)
                        .get("code"))
                .isEqualTo("scope-missing");
    }
}
