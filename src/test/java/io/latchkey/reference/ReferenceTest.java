package io.latchkey.reference;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.latchkey.Gateway;
import io.latchkey.Gateway.Answer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.springframework.web.servlet.mvc.method.annotation.RequestMappingHandlerMapping;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;

/** The document of the API, and the pages that show it. */
class ReferenceTest {
    private static final Gateway GATEWAY = Gateway.shared();

    @Test
    void documentIsWhatTheCodeGives() throws IOException {
        String made = JsonMapper.builder()
                        .enable(SerializationFeature.INDENT_OUTPUT)
                        .build()
                        .writeValueAsString(ApiDocument.of(GATEWAY.bean(RequestMappingHandlerMapping.class)))
                + "\n";
        Path other = Files.writeString(Path.of("target/openapi.json"), made);
        assertThat(Files.readString(Contract.DOCUMENT))
                .as("if the change is meant: cp %s %s", other, Contract.DOCUMENT)
                .isEqualTo(made);
    }

    @Test
    void documentIsHandedOutAsItIs() throws IOException {
        Answer answer = GATEWAY.send("GET", "/openapi.json", "");
        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.header("Content-Type")).isEqualTo("application/json");
        assertThat(answer.body()).isEqualTo(Files.readString(Contract.DOCUMENT));
        Answer known = GATEWAY.send("GET", "/openapi.json", "", "If-None-Match", answer.header("ETag"));
        assertThat(known.status()).isEqualTo(304);
    }

    @Test
    void pagesNeedNothingFromElsewhere() {
        for (String path : new String[] {"/docs", "/docs/index.html"}) {
            Answer page = GATEWAY.send("GET", path, "");
            assertThat(page.status()).as(path).isEqualTo(200);
            assertThat(page.header("Content-Type")).startsWith("text/html");
            assertThat(page.headers().allValues("Content-Security-Policy"))
                    .singleElement()
                    .asString()
                    .contains("default-src 'none'", "script-src 'self'", "frame-ancestors 'none'")
                    .doesNotContain("unsafe", "http", "*");
            assertThat(page.body())
                    .doesNotContain("//", "<style", " style=", " onload=")
                    .doesNotContainPattern("<script>");
            assertThat(named(page.body())).hasSize(4).allSatisfy(file -> {
                Answer answer = GATEWAY.send("GET", file, "");
                assertThat(answer.status()).as(file).isEqualTo(200);
                assertThat(answer.body()).isNotEmpty();
            });
        }
    }

    private static Stream<String> named(String page) {
        return Pattern.compile("(?:src|href)=\"([^\"]*)\"")
                .matcher(page)
                .results()
                .map((MatchResult each) -> each.group(1));
    }

    @Test
    void nothingElseOfTheJarIsHandedOut() {
        for (String path : new String[] {
            "/docs/",
            "/docs/none.js",
            "/docs/openapi.json",
            "/docs/..%2fopenapi.json",
            "/docs/Reference.class",
            "/webjars/swagger-ui/index.html"
        }) {
            assertThat(GATEWAY.send("GET", path, "").status()).as(path).isIn(400, 404);
        }
        assertThat(GATEWAY.send("POST", "/openapi.json", "{}").status()).isEqualTo(405);
    }

    /** A promise nobody checks is none. */
    @Test
    void answersAreHeldAgainstTheDocument() {
        Answer health = GATEWAY.send("GET", "/health", "");
        for (String spoilt : new String[] {
            health.body().replace("\"status\"", "\"state\""),
            health.body().replace("{\"status\"", "{\"more\":1,\"status\""),
            health.body().replaceFirst("\"timestamp\":\"[^\"]*\"", "\"timestamp\":\"today\"")
        }) {
            assertThat(spoilt).isNotEqualTo(health.body());
            Answer answer = new Answer(200, health.headers(), spoilt);
            assertThatThrownBy(() -> Contract.check("GET", "/health", "", "", answer))
                    .isInstanceOf(AssertionError.class);
        }
        assertThatThrownBy(() ->
                        Contract.check("GET", "/health", "", "", new Answer(201, health.headers(), health.body())))
                .isInstanceOf(AssertionError.class);
    }
}
