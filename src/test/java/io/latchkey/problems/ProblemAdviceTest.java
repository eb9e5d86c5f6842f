package io.latchkey.problems;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.latchkey.Gateway;
import io.latchkey.Gateway.Answer;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.annotation.Bean;
import org.springframework.http.HttpStatusCode;
import org.springframework.web.ErrorResponseException;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RestController;
import tools.jackson.databind.JsonNode;

/** What Spring MVC refuses by itself, and what of it is a fault of ours. */
@ExtendWith(OutputCaptureExtension.class)
class ProblemAdviceTest {
    /** No stereotype, and its controller is local: or every context would find them. */
    static class Refusing {
        @Bean
        Object refusingController() {
            @RestController
            class Refuser {
                @SuppressWarnings("UnusedMethod") // Spring calls it.
                @GetMapping("/refuse/{status}")
                void refuse(@PathVariable int status) {
                    throw new ErrorResponseException(HttpStatusCode.valueOf(status));
                }
            }
            return new Refuser();
        }
    }

    @Test
    void springsOwnFailureIsLoggedWithItsStackAndTheIdThatTheCallerGot(CapturedOutput output) {
        try (Gateway gateway = Gateway.with(Refusing.class)) {
            assertThat(gateway.send("GET", "/refuse/404", "").status()).isEqualTo(404);
            Answer answer = gateway.send("GET", "/refuse/500", "", "X-Correlation-ID", "of-spring");
            assertThat(answer.status()).isEqualTo(500);
            assertThat(answer.get("code")).isEqualTo("gateway-fault");
            assertThat(answer.get("requestId")).isEqualTo("of-spring");
            await().until(() -> !errors(output).isEmpty());
            assertThat(errors(output)).singleElement().satisfies(line -> {
                assertThat(line.path("correlationId").asString()).isEqualTo("of-spring");
                assertThat(line.path("stack").asString()).contains("ErrorResponseException");
            });
        }
    }

    private static List<JsonNode> errors(CapturedOutput output) {
        return output.getOut()
                .lines()
                .filter(line -> line.contains("\"ERROR\""))
                .map(Gateway.JSON::readTree)
                .toList();
    }
}
