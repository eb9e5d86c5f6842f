package io.latchkey.admin;

import static org.assertj.core.api.Assertions.assertThat;

import io.latchkey.Gateway;
import io.latchkey.Gateway.Answer;
import io.latchkey.Gateway.Made;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.springframework.web.bind.annotation.RequestMethod;
import org.springframework.web.servlet.mvc.method.annotation.RequestMappingHandlerMapping;

/** The matrix of roles, cell by cell: who may call what. */
class RolesTest {
    private static final Gateway GATEWAY = Gateway.shared();
    private static final String READ = "viewer operator auditor admin";
    private static final String CHANGE = "operator admin";
    private static final String AUDIT = "auditor admin";
    private static final String ADMIN = "admin";
    private static final String NDJSON = "application/x-ndjson";

    /** One row: a call and the roles that may make it; {@code {key}} and the like stand for what is made for it. */
    private record Row(String method, String path, String body, String roles) {
        private Row(String method, String path, String roles) {
            this(method, path, "", roles);
        }
    }

    private static final List<Row> ROWS = List.of(
            new Row("GET", "/admin/keys", READ),
            new Row("POST", "/admin/keys", "{\"name\":\"n\"}", CHANGE),
            new Row("GET", "/admin/keys/{key}", READ),
            new Row("PATCH", "/admin/keys/{key}", "{\"owner\":\"o\"}", CHANGE),
            new Row("DELETE", "/admin/keys/{key}", CHANGE),
            new Row("POST", "/admin/keys/{key}/disable", CHANGE),
            new Row("POST", "/admin/keys/{key}/enable", CHANGE),
            new Row("POST", "/admin/keys/{key}/rotations", "{}", CHANGE),
            new Row("GET", "/admin/keys/{rotated}/rotations", READ),
            new Row("GET", "/admin/keys/{rotated}/rotations/{rotation}", READ),
            new Row("POST", "/admin/keys/{rotated}/rotations/{rotation}/finish", "{\"force\":true}", CHANGE),
            new Row("POST", "/admin/keys/{rotated}/rotations/{rotation}/rollback", "{}", CHANGE),
            new Row("POST", "/admin/keys/{rotated}/rotations/{rotation}/extend", "{\"until\":\"{until}\"}", CHANGE),
            new Row("POST", "/admin/keys/bulk-revoke", "{\"owner\":\"nobody-at-all\"}", CHANGE),
            new Row("GET", "/admin/keys/export", ADMIN),
            new Row("POST", "/admin/keys/import", "\n", ADMIN),
            new Row("GET", "/admin/owners/{name}/export", ADMIN),
            new Row("GET", "/admin/owners/export?owner=nobody", ADMIN),
            new Row("DELETE", "/admin/owners/{name}", ADMIN),
            new Row("DELETE", "/admin/owners?owner=nobody", ADMIN),
            new Row("GET", "/admin/tokens", AUDIT),
            new Row("POST", "/admin/tokens", "{\"name\":\"n\",\"role\":\"viewer\"}", ADMIN),
            new Row("DELETE", "/admin/tokens/{token}", ADMIN),
            new Row("POST", "/admin/tokens/{token}/rotations", "{}", ADMIN),
            new Row("GET", "/admin/tokens/{turned}/rotations", AUDIT),
            new Row("GET", "/admin/tokens/{turned}/rotations/{turn}", AUDIT),
            new Row("POST", "/admin/tokens/{turned}/rotations/{turn}/finish", "{\"force\":true}", ADMIN),
            new Row("POST", "/admin/tokens/{turned}/rotations/{turn}/rollback", "{}", ADMIN),
            new Row("POST", "/admin/tokens/{turned}/rotations/{turn}/extend", "{\"until\":\"{until}\"}", ADMIN),
            new Row("GET", "/admin/audit", AUDIT),
            new Row("GET", "/admin/audit/verify", AUDIT),
            new Row("GET", "/admin/nodes", READ),
            new Row("GET", "/admin/usage", READ),
            new Row("GET", "/admin/routes", READ),
            new Row("POST", "/admin/routes/reload", "", CHANGE),
            new Row("POST", "/admin/cache/purge", "{\"tag\":\"none\"}", CHANGE),
            new Row("GET", "/health/detailed", READ));

    private static final Map<String, String> TOKENS = new HashMap<>();

    static {
        for (String role : READ.split(" ", -1)) {
            TOKENS.put(role, token(role).get("token"));
        }
        TOKENS.put("key", GATEWAY.key("\"scopes\":[\"admin\"]").token());
        TOKENS.put("stranger", "some-random-string");
    }

    private static Answer token(String role) {
        Answer made = GATEWAY.admin("POST", "/admin/tokens", "{\"name\":\"" + role + "\",\"role\":\"" + role + "\"}");
        assertThat(made.status()).as(made.body()).isEqualTo(201);
        return made;
    }

    /** One cell: a row and who calls. */
    record Cell(String who, String method, String path, String body, boolean allowed) {
        @Override
        public String toString() {
            return who + " " + method + " " + path;
        }
    }

    private static Stream<Cell> cells() {
        List<Cell> cells = new ArrayList<>();
        for (Row row : ROWS) {
            for (String who : List.of(
                    "viewer", "operator", "auditor", "admin", "key", "key by its header", "stranger", "nobody")) {
                boolean allowed = List.of(row.roles().split(" ", -1)).contains(who);
                cells.add(new Cell(who, row.method(), row.path(), row.body(), allowed));
            }
        }
        return cells.stream();
    }

    private static String filled(String template) {
        String text = template.replace(
                "{until}", GATEWAY.time().instant().plusSeconds(200_000).toString());
        text = text.replace("{name}", "nobody-at-all");
        if (text.contains("{key}")) {
            text = text.replace("{key}", GATEWAY.key("").id());
        }
        if (text.contains("{rotated}")) {
            Made key = GATEWAY.key("");
            text = text.replace("{rotated}", key.id())
                    .replace("{rotation}", GATEWAY.rotate(key.id(), "{}").get("id"));
        }
        if (text.contains("{token}")) {
            text = text.replace("{token}", token("viewer").get("id"));
        }
        if (text.contains("{turned}")) {
            String id = token("viewer").get("id");
            Answer turn = GATEWAY.admin("POST", "/admin/tokens/" + id + "/rotations", "{}");
            text = text.replace("{turned}", id).replace("{turn}", turn.get("id"));
        }
        return text;
    }

    private static Answer send(Cell cell) {
        String type = cell.path().endsWith("/import") ? NDJSON : "application/json";
        List<String> headers = new ArrayList<>(List.of("Content-Type", type, "If-Match", "*"));
        if (cell.who().equals("key by its header")) {
            headers.addAll(List.of("X-API-Key", String.valueOf(TOKENS.get("key"))));
        } else if (!cell.who().equals("nobody")) {
            headers.addAll(List.of("Authorization", "Bearer " + TOKENS.get(cell.who())));
        }
        return GATEWAY.send(cell.method(), filled(cell.path()), filled(cell.body()), headers.toArray(String[]::new));
    }

    @ParameterizedTest
    @MethodSource("cells")
    void everyCellOfTheMatrixHolds(Cell cell) {
        Answer answer = send(cell);
        if (cell.allowed()) {
            assertThat(answer.status()).as(answer.body()).isBetween(200, 299);
            assertThat(answer.header("Cache-Control")).contains("no-store");
            return;
        }
        String code = switch (cell.who()) {
            case "nobody", "key by its header" -> "admin-token-missing";
            case "key", "stranger" -> "admin-token-refused";
            default -> "role-missing";
        };
        assertThat(answer.get("code")).as(answer.body()).isEqualTo(code);
        assertThat(answer.status()).isEqualTo(code.equals("role-missing") ? 403 : 401);
        assertThat(answer.headers().firstValue("WWW-Authenticate").isPresent()).isEqualTo(answer.status() == 401);
        assertThat(answer.header("Content-Type")).isEqualTo("application/problem+json");
    }

    @Test
    void everyAdminCallThatExistsIsInTheMatrix() {
        Set<String> existing = new TreeSet<>();
        GATEWAY.bean(RequestMappingHandlerMapping.class).getHandlerMethods().forEach((mapping, method) -> {
            for (String path : mapping.getPatternValues()) {
                if (path.startsWith("/admin")) {
                    for (RequestMethod verb : mapping.getMethodsCondition().getMethods()) {
                        for (String kind : path.contains("{kind") ? List.of("keys", "tokens") : List.of("")) {
                            String known =
                                    path.replaceAll("\\{kind[^}]*}", kind).replaceAll("\\{[^}]*}", "{}");
                            existing.add(verb + " " + known);
                        }
                    }
                }
            }
        });
        Set<String> rows = ROWS.stream()
                .map(row ->
                        row.method() + " " + row.path().replaceAll("\\?.*", "").replaceAll("\\{[^}]*}", "{}"))
                .collect(Collectors.toSet());
        assertThat(existing).isNotEmpty().isSubsetOf(rows);
    }

    @Test
    void pathsThatDoNotExistAreClosedToo() {
        for (String path :
                new String[] {"/admin", "/admin/", "/admin/nothing-here", "/admin/keys/export/", "/admin/AUDIT"}) {
            assertThat(GATEWAY.send("GET", path, "").status()).as(path).isEqualTo(401);
            assertThat(GATEWAY.adminAs(String.valueOf(TOKENS.get("key")), "GET", path, "")
                            .status())
                    .as(path)
                    .isEqualTo(401);
            assertThat(GATEWAY.adminAs(String.valueOf(TOKENS.get("viewer")), "GET", path, "")
                            .status())
                    .as(path)
                    .isIn(403, 404);
        }
    }

    @Test
    void anotherSpellingOfThePathOpensNothing() {
        String viewer = String.valueOf(TOKENS.get("viewer"));
        for (String path : new String[] {
            "/admin/%61udit",
            "/admin/keys/%65xport",
            "/admin//audit",
            "/admin/keys/../audit",
            "/admin/keys/%2e%2e/audit",
            "/admin/audit;a=b",
            "/admin/keys;/export",
            "/Admin/audit",
            "//admin/audit",
            "/admin%2faudit",
            "/api/../admin/audit"
        }) {
            assertThat(GATEWAY.adminAs(viewer, "GET", path, "").status())
                    .as(path)
                    .isIn(400, 401, 403, 404);
            assertThat(GATEWAY.send("GET", path, "").status()).as(path).isIn(400, 401, 404);
        }
    }

    @Test
    void headAsksForNoMoreThanGet() {
        assertThat(GATEWAY.adminAs(String.valueOf(TOKENS.get("viewer")), "HEAD", "/admin/keys", "")
                        .status())
                .isEqualTo(200);
        assertThat(GATEWAY.adminAs(String.valueOf(TOKENS.get("auditor")), "HEAD", "/admin/tokens", "")
                        .status())
                .isEqualTo(200);
        assertThat(GATEWAY.adminAs(String.valueOf(TOKENS.get("viewer")), "HEAD", "/admin/audit", "")
                        .status())
                .isEqualTo(403);
        assertThat(GATEWAY.adminAs(String.valueOf(TOKENS.get("viewer")), "HEAD", "/admin/keys/export", "")
                        .status())
                .isEqualTo(403);
    }

    @Test
    void twoAuthorizationsAreRefused() {
        Answer answer = GATEWAY.send(
                "GET",
                "/admin/keys",
                "",
                "Authorization",
                "Bearer " + Gateway.ADMIN_TOKEN,
                "Authorization",
                "Bearer " + TOKENS.get("key"));
        assertThat(answer.status()).isEqualTo(400);
    }

    @Test
    void theActuatorIsNotAtTheFrontDoor() {
        for (String path : new String[] {
            "/actuator", "/actuator/health", "/actuator/prometheus", "/actuator/heapdump", "/actuator/env"
        }) {
            assertThat(GATEWAY.send("GET", path, "").status()).as(path).isEqualTo(404);
            assertThat(GATEWAY.admin("GET", path, "").status()).as(path).isEqualTo(404);
        }
        assertThat(GATEWAY.actuator("/actuator/heapdump").status()).isEqualTo(404);
        assertThat(GATEWAY.actuator("/actuator/env").status()).isEqualTo(404);
    }
}
