package io.latchkey.observability;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.latchkey.Gateway;
import io.latchkey.Gateway.Made;
import io.latchkey.proxy.StubUpstream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

/** A trace shows the gateway where it stands: between its caller and its upstream. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@ExtendWith(OutputCaptureExtension.class)
class SpansTest {
    private static final String PARENT = "b7ad6b7169203331";
    private static final int SERVER = 2;
    private static final int CLIENT = 3;
    private static final int FAILED = 2;

    private StubUpstream upstream;
    private StubUpstream receiver;
    private Gateway gateway;
    private Made key;

    /** A span as it arrived. */
    private record Seen(
            String traceId,
            String spanId,
            String parentId,
            String name,
            long kind,
            long began,
            long ended,
            Map<String, Object> attributes,
            long status) {

        static Seen of(Protobuf span) {
            return new Seen(
                    span.hex(1),
                    span.hex(2),
                    span.hex(4),
                    span.text(5),
                    span.number(6),
                    span.number(7),
                    span.number(8),
                    SpansTest.attributes(span.messages(9)),
                    span.messages(15).stream()
                            .mapToLong(status -> status.number(3))
                            .sum());
        }
    }

    private static Map<String, Object> attributes(List<Protobuf> pairs) {
        Map<String, Object> attributes = new LinkedHashMap<>();
        for (Protobuf pair : pairs) {
            Protobuf value = pair.messages(2).getFirst();
            attributes.put(pair.text(1), value.fields().containsKey(1) ? value.text(1) : value.number(3));
        }
        return attributes;
    }

    @BeforeAll
    void start(@TempDir Path directory) throws IOException {
        upstream = StubUpstream.start();
        receiver = StubUpstream.start();
        Path routes = Files.writeString(directory.resolve("routes.yml"), """
                routes:
                  - { id: up, path: /api/up/**, upstreams: [ "%s" ] }
                  - { id: gone, path: /api/gone/**, upstreams: [ "http://127.0.0.1:1" ] }
                """.formatted(upstream.uri()));
        gateway = Gateway.start(
                "--latchkey.routes-file=" + routes,
                "--latchkey.tracing.otlp-endpoint=" + receiver.uri() + "/",
                "--latchkey.tracing.otlp-headers=authorization=Basic%20a+b=, x-tenant=t1",
                "--latchkey.keys.node-id=node-7",
                "--latchkey.keys.legacy-key=no-demo-key");
        key = gateway.key("");
    }

    @BeforeEach
    void forget() {
        upstream.reset();
        receiver.reset();
    }

    @AfterAll
    void stop() throws IOException {
        gateway.close();
        receiver.close();
        upstream.close();
    }

    private static String trace(int number) {
        return "%032x".formatted(number);
    }

    private void call(String path, String traceparent) {
        gateway.send("GET", path, "", "X-API-Key", key.token(), "traceparent", traceparent);
    }

    private List<Protobuf> resources() {
        List<Protobuf> resources = new ArrayList<>();
        for (StubUpstream.Received batch : receiver.received()) {
            if (batch.isWhole()) {
                resources.addAll(Protobuf.read(batch.body()).messages(1));
            }
        }
        return resources;
    }

    private List<Seen> spans() {
        return resources().stream()
                .flatMap(resource -> resource.messages(2).stream())
                .flatMap(scope -> scope.messages(2).stream())
                .map(Seen::of)
                .toList();
    }

    private List<Seen> spansOf(String traceId, int count) {
        await().until(() ->
                spans().stream().filter(span -> span.traceId().equals(traceId)).count() >= count);
        assertThat(spans()).filteredOn(Seen::traceId, traceId).hasSize(count);
        return spans().stream()
                .filter(span -> span.traceId().equals(traceId))
                .sorted((a, b) -> Long.compare(a.kind(), b.kind()))
                .toList();
    }

    @Test
    void theSpansStandBetweenTheCallersAndTheOneThatTheUpstreamWasTold() {
        call("/api/up/x?a=canary", "00-" + trace(1) + "-" + PARENT + "-01");
        List<Seen> spans = spansOf(trace(1), 2);
        String told = upstream.last().values("traceparent").getFirst();

        Seen server = spans.getFirst();
        assertThat(server.kind()).isEqualTo(SERVER);
        assertThat(server.parentId()).isEqualTo(PARENT);
        assertThat(server.name()).isEqualTo("/api/up/**");
        assertThat(server.attributes())
                .containsEntry("http.request.method", "GET")
                .containsEntry("http.response.status_code", 200L)
                .containsEntry("http.route", "/api/up/**")
                .containsEntry("latchkey.route", "up")
                .containsEntry("latchkey.key_id", key.id())
                .doesNotContainKey("error.type");
        assertThat(server.status()).isZero();

        Seen client = spans.getLast();
        assertThat(client.kind()).isEqualTo(CLIENT);
        assertThat(told).isEqualTo("00-" + trace(1) + "-" + client.spanId() + "-01");
        assertThat(client.parentId()).isEqualTo(server.spanId());
        assertThat(client.attributes()).containsEntry("http.response.status_code", 200L);
        assertThat(client.began()).isBetween(server.began(), client.ended());
        assertThat(client.ended()).isBetween(client.began(), server.ended());

        assertThat(attributes(resources().getFirst().messages(1).getFirst().messages(1)))
                .containsEntry("service.name", "latchkey")
                .containsEntry("service.instance.id", "node-7")
                .containsKey("service.version");
        StubUpstream.Received batch = receiver.last();
        assertThat(batch.requestLine()).startsWith("POST /v1/traces ");
        assertThat(batch.values("authorization")).containsExactly("Basic a+b=");
        assertThat(batch.values("x-tenant")).containsExactly("t1");
        assertThat(new String(batch.body(), java.nio.charset.StandardCharsets.ISO_8859_1))
                .doesNotContain("canary", key.token());
    }

    @Test
    void aTraceThatItsBeginnerDoesNotRecordIsNotRecordedHere() {
        call("/api/up/x", "00-" + trace(2) + "-" + PARENT + "-00");
        assertThat(upstream.last().values("traceparent").getFirst()).endsWith("-00");
        // Sent in order: with the second the first would have come.
        call("/api/up/x", "00-" + trace(3) + "-" + PARENT + "-01");
        spansOf(trace(3), 2);
        assertThat(spans()).extracting(Seen::traceId).doesNotContain(trace(2));
    }

    @Test
    void aTraceThatBeginsHereIsRecordedAndSaysSo() {
        String id =
                gateway.send("GET", "/api/up/x", "", "X-API-Key", key.token()).header("X-Correlation-ID");
        assertThat(upstream.last().values("traceparent").getFirst())
                .startsWith("00-" + id)
                .endsWith("-01");
        assertThat(spansOf(id, 2).getFirst().parentId()).isEmpty();
    }

    @Test
    void anUpstreamThatFailsIsAFailedCall() {
        call("/api/gone/x", "00-" + trace(4) + "-" + PARENT + "-01");
        for (Seen span : spansOf(trace(4), 2)) {
            assertThat(span.status()).isEqualTo(FAILED);
            assertThat(span.attributes()).containsEntry("error.type", "upstream-unreachable");
        }
    }

    @Test
    void aRefusalHasNoCallAndWhatIsNotBelowApiNoSpan() {
        call("/health", "00-" + trace(5) + "-" + PARENT + "-01");
        call("/api/none", "00-" + trace(6) + "-" + PARENT + "-01");
        Seen refused = spansOf(trace(6), 1).getFirst();
        assertThat(refused.name()).isEqualTo("GET");
        assertThat(refused.attributes()).containsEntry("http.response.status_code", 404L);
        assertThat(refused.status()).isZero();
        assertThat(spans()).extracting(Seen::traceId).doesNotContain(trace(5));
    }

    @Test
    void whatNobodyTakesIsCountedAndSaidOnce(CapturedOutput output) {
        receiver.answer("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
        double before = dropped();
        call("/api/up/x", "00-" + trace(7) + "-" + PARENT + "-01");
        await().until(() -> dropped() == before + 2);
        call("/api/up/x", "00-" + trace(8) + "-" + PARENT + "-01");
        await().until(() -> dropped() == before + 4);
        receiver.answer(StubUpstream.OK);
        call("/api/up/x", "00-" + trace(9) + "-" + PARENT + "-01");
        await().until(() -> output.getAll().contains("takes spans again"));
        assertThat(output.getAll().lines().filter(line -> line.contains("does not take spans")))
                .hasSize(1);
        assertThat(output.getAll()).doesNotContain("io.opentelemetry");
    }

    private double dropped() {
        return gateway.actuator("/actuator/prometheus")
                .body()
                .lines()
                .filter(line -> line.startsWith("latchkey_spans_dropped_total "))
                .mapToDouble(line -> Double.parseDouble(line.substring(line.indexOf(' '))))
                .sum();
    }

    @Test
    void aReceiverThatHangsHoldsUpNeitherRequestsNorTheStop() throws IOException {
        try (StubUpstream hanging = StubUpstream.start();
                Gateway other = Gateway.start("--latchkey.tracing.otlp-endpoint=" + hanging.uri())) {
            hanging.script((request, wire) -> wire.awaitEnd());
            String token = other.key("").token();
            for (int i = 0; i < 20; i++) {
                assertThat(other.call(token).status()).isEqualTo(200);
            }
            await().until(() -> !hanging.received().isEmpty());
            long began = System.nanoTime();
            other.bean(Spans.class).close();
            assertThat(TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - began)).isLessThan(2000);
        }
    }

    @Test
    void unconfiguredThereIsNoThreadAndNoRecord() {
        long before = exporters();
        try (Gateway plain = Gateway.start()) {
            assertThat(plain.call(plain.key("").token()).status()).isEqualTo(200);
            assertThat(exporters()).isEqualTo(before);
        }
    }

    private static long exporters() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().startsWith("span-export"))
                .count();
    }
}
