package io.latchkey.problems;

import static org.assertj.core.api.Assertions.assertThat;

import io.latchkey.Gateway;
import io.latchkey.Gateway.Answer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.springframework.web.util.HtmlUtils;

/** Every problem's {@code type} leads to a page that explains it. */
class ProblemPagesTest {
    private final Gateway gateway = Gateway.shared();

    @ParameterizedTest
    @EnumSource(Refusal.class)
    void everyRefusalIsExplainedToAPerson(Refusal refusal) {
        Answer page = gateway.send("GET", "/problems/" + refusal.code(), "");
        assertThat(page.status()).isEqualTo(200);
        assertThat(page.header("Content-Type")).startsWith("text/html");
        assertThat(page.body())
                .contains("HTTP " + refusal.status())
                .contains("<code>" + refusal.code() + "</code>")
                .contains(HtmlUtils.htmlEscape(refusal.title()))
                .contains(HtmlUtils.htmlEscape(refusal.meaning()))
                .contains(HtmlUtils.htmlEscape(refusal.remedy()));
    }

    @Test
    void aProblemsTypeIsTheAddressOfItsPage() {
        Answer problem = gateway.send("GET", "/api/demo/hello", "");
        assertThat(problem.get("type")).isEqualTo("/problems/key-missing");
        assertThat(gateway.send("GET", problem.get("type"), "").status()).isEqualTo(200);
    }

    @Test
    void anUnknownCodeIsAProblemThatRepeatsNothing() {
        Answer answer = gateway.send("GET", "/problems/%3Cscript%3Ealert(1)%3C", "");
        assertThat(answer.status()).isIn(400, 404);
        assertThat(answer.header("Content-Type")).isEqualTo(Problems.MEDIA_TYPE);
        assertThat(answer.body()).doesNotContain("<script>");
        assertThat(gateway.send("GET", "/problems/no-such-code", "").get("code"))
                .isEqualTo("resource-not-found");
    }
}
