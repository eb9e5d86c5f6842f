package io.latchkey;

import static org.assertj.core.api.Assertions.assertThat;

import io.latchkey.Gateway.Answer;
import io.latchkey.Gateway.Made;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What a browser, and a cache on the way to it, may do with an answer of the gateway's own. */
class BrowsersTest {
    private static final Gateway GATEWAY = Gateway.shared();

    @Test
    void noPageOfAnotherOriginIsAllowedToReadWhatTheGatewaySays() {
        String token = GATEWAY.key("").token();
        for (String path : List.of("/admin/keys", "/api/v1/keys/self", "/api/v1/usage", "/health", "/api/nowhere")) {
            for (String method : List.of("GET", "OPTIONS")) {
                Answer answer = GATEWAY.send(
                        method,
                        path,
                        "",
                        "Origin",
                        "https://elsewhere.example",
                        "Access-Control-Request-Method",
                        "POST",
                        "Access-Control-Request-Headers",
                        "x-api-key, authorization",
                        "X-API-Key",
                        token);
                assertThat(answer.headers().map().keySet())
                        .as(method + " " + path)
                        .noneMatch(name -> name.startsWith("access-control-allow-"));
            }
        }
    }

    @Test
    void nothingAboutAKeyIsKeptByAnyCache() {
        Made key = GATEWAY.key("\"scopes\":[\"keys:rotate-self\"]");
        for (String path : List.of("/api/v1/keys/self", "/api/v1/usage")) {
            Answer answer = GATEWAY.send("GET", path, "", "X-API-Key", key.token());
            assertThat(answer.status()).isEqualTo(200);
            assertThat(answer.header("Cache-Control")).as(path).isEqualTo("no-store");
        }
        Answer rotated = GATEWAY.send(
                "POST",
                "/api/v1/keys/self/rotations",
                "{}",
                "X-API-Key",
                key.token(),
                "Content-Type",
                "application/json");
        assertThat(rotated.status()).as(rotated.body()).isEqualTo(201);
        assertThat(rotated.header("Cache-Control")).isEqualTo("no-store");
        assertThat(GATEWAY.send("GET", "/api/demo/x", "", "X-API-Key", "not-a-key-at-all")
                        .header("Cache-Control"))
                .isEqualTo("no-store");
    }
}
