package io.latchkey.problems;

import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.util.HtmlUtils;

/** Explains each refusal to a person; a problem's {@code type} points here. */
@RestController
class ProblemPages {
    /** Explains a problem's code to a person. */
    @GetMapping("/problems/{code}")
    ResponseEntity<String> page(@PathVariable String code) {
        Refusal refusal = Refusal.byCode(code)
                .orElseThrow(() -> new Refused(Refusal.RESOURCE_NOT_FOUND, "There is no such problem code."));
        String page = """
                <!doctype html>
                <html lang="en">
                <head><meta charset="utf-8"><title>%1$s</title></head>
                <body>
                <h1>%1$s</h1>
                <p>HTTP %2$d, code <code>%3$s</code>, blame: %4$s, %5$s.</p>
                <p>%6$s</p>
                <h2>What to do</h2>
                <p>%7$s</p>
                </body>
                </html>
                """.formatted(
                        HtmlUtils.htmlEscape(refusal.title()),
                        refusal.status(),
                        refusal.code(),
                        refusal.blame().wireName(),
                        refusal.retryable() ? "may be tried again" : "will not work by trying again",
                        HtmlUtils.htmlEscape(refusal.meaning()),
                        HtmlUtils.htmlEscape(refusal.remedy()));
        return ResponseEntity.ok().contentType(MediaType.TEXT_HTML).body(page);
    }
}
