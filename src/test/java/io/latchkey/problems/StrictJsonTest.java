package io.latchkey.problems;

import static org.assertj.core.api.Assertions.assertThat;

import io.latchkey.Gateway;
import io.latchkey.Gateway.Answer;
import io.latchkey.Gateway.Made;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** JSON that is not what it should be is refused by every call that reads JSON, and changes nothing. */
class StrictJsonTest {
    private static final Gateway GATEWAY = Gateway.shared();
    private static final Made KEY = GATEWAY.key("");

    /** A call that reads JSON, with the start of a body that it would accept. */
    private record Target(String path, String start) {}

    private static final List<Target> TARGETS = List.of(
            new Target("/admin/keys", "\"name\":\"odd\""),
            new Target("/admin/keys/" + KEY.id() + "/rotations", "\"overlap\":\"PT1H\""),
            new Target("/admin/tokens", "\"name\":\"odd\",\"role\":\"viewer\""),
            new Target("/admin/keys/bulk-revoke", "\"owner\":\"nobody-at-all\""));

    /** By name, bodies that no call may accept; START stands for what the call would accept. */
    private static Map<String, String> bodies() {
        Map<String, String> bodies = new LinkedHashMap<>();
        bodies.put("nothing", "");
        bodies.put("a space", " ");
        bodies.put("null", "null");
        bodies.put("an array", "[{START}]");
        bodies.put("a string", "\"{START}\"");
        bodies.put("a number", "5");
        bodies.put("1e400", "1e400");
        bodies.put("not JSON", "name=odd");
        bodies.put("cut", "{START");
        bodies.put("a trailing comma", "{START,}");
        bodies.put("a comment", "{START /* odd */}");
        bodies.put("single quotes", "{START,'owner':'x'}");
        bodies.put("trailing text", "{START} x");
        bodies.put("a second document", "{START}{START}");
        bodies.put("NUL after it", "{START}\0");
        bodies.put("a BOM", "\ufeff{START}");
        bodies.put("every name twice", "{START,START}");
        bodies.put(
                "one name twice, the second escaped",
                "{START,\"\\u006eame\":\"b\",\"\\u006fverlap\":\"PT2H\",\"\\u006fwner\":\"x\"}");
        bodies.put("an unknown field", "{START,\"odd\":1}");
        bodies.put("an unknown field of 1e400", "{START,\"odd\":1e400}");
        bodies.put("an unknown field named by a lone surrogate", "{START,\"\\ud800\":1}");
        bodies.put("an unknown field named by controls", "{START,\"a\\r\\nX-Odd: 1\\u0000\":1}");
        bodies.put("an unknown field with a name of 100,000", "{START,\"" + "n".repeat(100_000) + "\":1}");
        bodies.put("mass assignment", "{START,\"id\":\"mine\",\"kind\":\"ADMIN\",\"version\":0,\"disabled\":false}");
        bodies.put("__proto__", "{START,\"__proto__\":{\"admin\":true}}");
        bodies.put("@class", "{START,\"@class\":\"java.lang.Runtime\"}");
        bodies.put("10,000 arrays deep", "{START,\"odd\":" + "[".repeat(10_000) + "]".repeat(10_000) + "}");
        bodies.put("10,000 objects deep", "{\"a\":".repeat(10_000) + "1" + "}".repeat(10_000));
        bodies.put("10,000 deep and cut", "[".repeat(10_000));
        bodies.put("a number of 10,000 digits", "{START,\"odd\":" + "9".repeat(10_000) + "}");
        bodies.put("an exponent of a billion", "{START,\"odd\":1e1000000000}");
        bodies.put("NaN", "{START,\"odd\":NaN}");
        bodies.put("a raw newline in a string", "{START,\"odd\":\"a\nb\"}");
        return bodies;
    }

    /** Fields that exist, with values that they cannot have. */
    private static Map<String, List<String>> values() {
        return Map.of(
                "/admin/keys",
                List.of(
                        "{\"name\":\"\\ud800\"}",
                        "{\"name\":\"a\\udc00b\"}",
                        "{\"name\":\"odd\",\"owner\":\"\\ud800\"}",
                        "{\"name\":\"odd\",\"scopes\":[\"\\ud800\"]}",
                        "{\"name\":\"odd\\u0000\"}",
                        "{\"name\":\"odd\\u202e\"}",
                        "{\"name\":1e400}",
                        "{\"name\":\"" + "x".repeat(1_000_000) + "\"}",
                        "{\"name\":\"odd\",\"expiresAt\":1e400}",
                        "{\"name\":\"odd\",\"expiresAt\":1e1000000000}",
                        "{\"name\":\"odd\",\"rotateEvery\":1e1000000000}",
                        "{\"name\":\"odd\",\"rotateEvery\":\"P9999999999999999999D\"}",
                        "{\"name\":\"odd\",\"limits\":[{\"name\":\"b\",\"quota\":1e400,\"window\":\"PT1M\"}]}",
                        "{\"name\":\"odd\",\"limits\":[{\"name\":\"b\",\"quota\":9223372036854775808,\"window\":\"PT1M\"}]}",
                        "{\"name\":\"odd\",\"scopes\":[" + "\"a\",".repeat(100_000) + "\"a\"]}"),
                "/admin/keys/" + KEY.id() + "/rotations",
                List.of(
                        "{\"overlap\":3600}",
                        "{\"overlap\":1e400}",
                        "{\"overlap\":1e1000000000}",
                        "{\"overlap\":true}",
                        "{\"overlap\":\"\"}",
                        "{\"overlap\":\"1h\"}",
                        "{\"overlap\":\"PT-1S\"}",
                        "{\"overlap\":\"P31D\"}",
                        "{\"overlap\":\"\\ud800\"}",
                        "{\"activation\":\"later\"}",
                        "{\"activation\":0}",
                        "{\"activation\":\"NOW\"}",
                        "{\"notAfter\":9999999999}",
                        "{\"notAfter\":\"2020-01-01T00:00:00Z\"}",
                        "{\"notAfter\":\"+1000000000-12-31T23:59:59.999999999Z\"}",
                        "{\"tokenSha256\":\"" + "0".repeat(63) + "\"}",
                        "{\"tokenSha256\":5}"),
                "/admin/tokens",
                List.of(
                        "{\"name\":\"odd\"}",
                        "{\"role\":\"viewer\"}",
                        "{\"name\":5,\"role\":\"viewer\"}",
                        "{\"name\":\"odd\",\"role\":\"root\"}",
                        "{\"name\":\"odd\",\"role\":0}",
                        "{\"name\":\"odd\",\"role\":[\"viewer\"]}",
                        "{\"name\":\"\\ud800\",\"role\":\"viewer\"}",
                        "{\"name\":\"odd\\u0000\\r\\n\",\"role\":\"viewer\"}",
                        "{\"name\":\"" + "x".repeat(121) + "\",\"role\":\"viewer\"}",
                        "{\"name\":\"odd\",\"role\":\"viewer\",\"expiresAt\":9999999999}",
                        "{\"name\":\"odd\",\"role\":\"viewer\",\"expiresAt\":\"2020-01-01T00:00:00Z\"}",
                        "{\"name\":\"odd\",\"role\":\"viewer\",\"expiresAt\":\""
                                + GATEWAY.time().instant() + "\"}"),
                "/admin/keys/bulk-revoke",
                List.of(
                        "{}",
                        "{\"owner\":5}",
                        "{\"tag\":[\"a\"]}",
                        "{\"exceptIds\":\"a\"}",
                        "{\"exceptIds\":[null]}",
                        "{\"exceptIds\":[1]}",
                        "{\"owner\":\"nobody-at-all\",\"dryRun\":\"false\"}",
                        "{\"owner\":\"nobody-at-all\",\"dryRun\":0}"));
    }

    /** One odd body for one call. */
    record Odd(String path, String what, String body) {
        @Override
        public String toString() {
            return path.replace(KEY.id(), "{id}") + " " + what;
        }
    }

    private static Stream<Odd> odd() {
        List<Odd> all = new ArrayList<>();
        for (Target target : TARGETS) {
            bodies().forEach((what, body) -> {
                boolean mayBeLeftOut =
                        target.path().endsWith("/rotations") && (what.equals("nothing") || what.equals("null"));
                if (!mayBeLeftOut) {
                    all.add(new Odd(target.path(), what, body.replace("START", target.start())));
                }
            });
            for (String body : values().getOrDefault(target.path(), List.of())) {
                all.add(new Odd(target.path(), body.substring(0, Math.min(80, body.length())), body));
            }
        }
        return all.stream();
    }

    private static String state() {
        Answer audit = GATEWAY.admin("GET", "/admin/keys?limit=1", "");
        Answer rotations = GATEWAY.admin("GET", "/admin/keys/" + KEY.id() + "/rotations", "");
        Answer tokens = GATEWAY.admin("GET", "/admin/tokens", "");
        return audit.body() + rotations.body() + tokens.json().at("/items").size();
    }

    @ParameterizedTest
    @MethodSource("odd")
    void oddJsonIsRefusedAndChangesNothing(Odd odd) {
        String before = state();
        Answer answer = GATEWAY.admin("POST", odd.path(), odd.body());
        assertThat(answer.status()).as(answer.body()).isIn(400, 413, 422);
        assertThat(answer.header("Content-Type")).isEqualTo(Problems.MEDIA_TYPE);
        assertThat(answer.get("code")).isIn("bad-request", "request-too-large", "unprocessable");
        assertThat(answer.body().getBytes(StandardCharsets.UTF_8)).hasSizeLessThan(2_000);
        assertThat(state()).isEqualTo(before);
    }

    @Test
    void aBodyThatIsNotJsonByItsTypeIsRefused() {
        for (String type : List.of("text/plain", "application/x-www-form-urlencoded", "application/xml", "odd")) {
            Answer answer = GATEWAY.admin("POST", "/admin/keys", "{\"name\":\"odd\"}", "Content-Type", type);
            assertThat(answer.status()).as(type).isIn(400, 415);
            assertThat(answer.header("Content-Type")).isEqualTo(Problems.MEDIA_TYPE);
        }
    }

    @Test
    void aBodyInAnotherEncodingIsRefused() {
        String utf16 = new String("{\"name\":\"odd\"}".getBytes(StandardCharsets.UTF_16), StandardCharsets.ISO_8859_1);
        assertThat(GATEWAY.admin("POST", "/admin/keys", utf16).status()).isEqualTo(400);
    }

    @Test
    void aFieldThatIsWrongIsNamed() {
        Answer unknown = GATEWAY.admin("POST", "/admin/tokens", "{\"name\":\"n\",\"role\":\"viewer\",\"odd\":1}");
        assertThat(unknown.get("errors.0.field")).isEqualTo("odd");
        Answer missing = GATEWAY.admin("POST", "/admin/tokens", "{\"role\":\"viewer\"}");
        assertThat(missing.get("errors.0.field")).isEqualTo("name");
        Answer wrong = GATEWAY.admin("POST", "/admin/keys/" + KEY.id() + "/rotations", "{\"overlap\":\"soon\"}");
        assertThat(wrong.get("errors.0.field")).isEqualTo("overlap");
    }
}
