package io.latchkey;

import static org.awaitility.Awaitility.await;

import io.latchkey.reference.Contract;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Primary;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** A whole gateway in this process, spoken to over HTTP as any client would. */
public final class Gateway implements AutoCloseable {
    public static final String ADMIN_TOKEN = "test-admin-token-0123456789";
    public static final String PEPPER = "test-pepper-0123456789abcdef";
    public static final JsonMapper JSON = JsonMapper.builder().build();

    private static final HttpClient HTTP = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(Duration.ofSeconds(5))
            .build();

    private final ConfigurableApplicationContext context;
    private final int port;
    private final int managementPort;

    private Gateway(ConfigurableApplicationContext context, int port, int managementPort) {
        this.context = context;
        this.port = port;
        this.managementPort = managementPort;
    }

    /** Replaces the store's clock; no stereotype, or every context would find it. */
    static class Frozen {
        @Bean
        @Primary
        FakeTime fakeTime() {
            return new FakeTime();
        }
    }

    /** The one gateway that most tests share: embedded Redis, frozen time, the demo route. */
    public static Gateway shared() {
        return Shared.GATEWAY;
    }

    private static final class Shared {
        static final Gateway GATEWAY = frozen("--latchkey.keys.evidence-every=100ms");
    }

    /** On an embedded Redis of its own, with real time. */
    public static Gateway start(String... settings) {
        return start(List.of(LatchkeyApplication.class), settings);
    }

    /** On an embedded Redis of its own, with time that only the test moves. */
    public static Gateway frozen(String... settings) {
        return start(List.of(LatchkeyApplication.class, Frozen.class), settings);
    }

    /** With beans of the test's own, such as a filter that fails. */
    public static Gateway with(Class<?> beans, String... settings) {
        return start(List.of(LatchkeyApplication.class, beans), settings);
    }

    private static Gateway start(List<Class<?>> sources, String... settings) {
        List<String> arguments = new ArrayList<>(List.of(
                "--server.port=0",
                "--management.server.port=0",
                "--latchkey.store.data-dir=" + directory(),
                "--latchkey.store.request-timeout=2s",
                // Nobody is inside when a test ends.
                "--server.shutdown=immediate",
                // All tests call from one address.
                "--latchkey.keys.failed-attempts-per-minute=0",
                "--latchkey.admin-token=" + ADMIN_TOKEN,
                "--latchkey.pepper=" + PEPPER));
        // A name that is given twice would become a list.
        for (String setting : settings) {
            arguments.removeIf(argument -> argument.startsWith(setting.substring(0, setting.indexOf('=') + 1)));
            arguments.add(setting);
        }
        ConfigurableApplicationContext context = new SpringApplicationBuilder(sources.toArray(Class<?>[]::new))
                .properties("spring.main.register-shutdown-hook=true")
                .run(arguments.toArray(String[]::new));
        return new Gateway(context, port(context, "local.server.port"), port(context, "local.management.port"));
    }

    public FakeTime time() {
        return context.getBean(FakeTime.class);
    }

    public <T> T bean(Class<T> type) {
        return context.getBean(type);
    }

    public int port() {
        return port;
    }

    public int managementPort() {
        return managementPort;
    }

    /** An answer, read whole. */
    public record Answer(int status, java.net.http.HttpHeaders headers, String body) {
        public JsonNode json() {
            return JSON.readTree(body);
        }

        public String header(String name) {
            return headers.firstValue(name).orElse("");
        }

        /** A field of the JSON body as text; dots lead downwards. */
        public String get(String path) {
            return json().at("/" + path.replace('.', '/')).asString();
        }
    }

    /** Every answer is held against the document of the API. */
    public Answer send(String method, String path, String body, String... headers) {
        Answer answer = exchange("http://127.0.0.1:" + port + path, method, body, headers);
        int type = List.of(headers).indexOf("Content-Type");
        Contract.check(method, path, body, type < 0 ? "" : headers[type + 1], answer);
        return answer;
    }

    /** Of the actuator's port. */
    public Answer actuator(String path, String... headers) {
        return exchange("http://127.0.0.1:" + managementPort + path, "GET", "", headers);
    }

    /** Calls the admin API with the bootstrap token. */
    public Answer admin(String method, String path, String body, String... headers) {
        return adminAs(ADMIN_TOKEN, method, path, body, headers);
    }

    public Answer adminAs(String token, String method, String path, String body, String... headers) {
        List<String> all = new ArrayList<>(List.of("Authorization", "Bearer " + token));
        if (List.of(headers).stream().noneMatch(header -> header.equalsIgnoreCase("Content-Type"))) {
            all.addAll(List.of("Content-Type", "application/json"));
        }
        all.addAll(List.of(headers));
        return send(method, path, body, all.toArray(String[]::new));
    }

    /** Calls the demo route with a key. */
    public Answer call(String token, String... headers) {
        List<String> all = new ArrayList<>(List.of("X-API-Key", token));
        all.addAll(List.of(headers));
        return send("GET", "/api/demo/hello", "", all.toArray(String[]::new));
    }

    /** A key as it was created: its id and its token. */
    public record Made(String id, String token) {}

    /** Creates a key; {@code fields} is the inside of a JSON object, such as {@code "owner":"me"}. */
    public Made key(String fields) {
        String more = fields.isEmpty() ? "" : "," + fields;
        Answer answer = admin("POST", "/admin/keys", "{\"name\":\"test\"" + more + "}");
        if (answer.status() != 201) {
            throw new AssertionError(answer);
        }
        return new Made(answer.get("id"), answer.get("token"));
    }

    /** Until every node has applied every change: what is read into a cache meanwhile is not kept. */
    public void awaitApplied() {
        await().until(() ->
                admin("GET", "/admin/nodes", "").json().at("/laggards").isEmpty());
    }

    /** Begins a rotation and expects it to be granted. */
    public Answer rotate(String keyId, String body) {
        Answer answer = admin("POST", "/admin/keys/" + keyId + "/rotations", body);
        if (answer.status() != 201) {
            throw new AssertionError(answer);
        }
        return answer;
    }

    private static Answer exchange(String uri, String method, String body, String... headers) {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(uri))
                .timeout(Duration.ofSeconds(30))
                .method(method, body.isEmpty() ? BodyPublishers.noBody() : BodyPublishers.ofString(body));
        if (headers.length > 0) {
            request.headers(headers);
        }
        try {
            HttpResponse<String> response = HTTP.send(request.build(), BodyHandlers.ofString());
            return new Answer(response.statusCode(), response.headers(), response.body());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    /** Settings that put several gateways on one Redis. */
    public static String[] on(String redisUrl, Map<String, String> more) {
        List<String> settings = new ArrayList<>(List.of("--latchkey.store.redis-url=" + redisUrl));
        more.forEach((name, value) -> settings.add("--" + name + "=" + value));
        return settings.toArray(String[]::new);
    }

    @Override
    public void close() {
        context.close();
    }

    private static Path directory() {
        try {
            return Files.createTempDirectory("latchkey-test-");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static int port(ConfigurableApplicationContext context, String name) {
        return context.getEnvironment().getRequiredProperty(name, Integer.class);
    }
}
