package io.latchkey.observability;

import io.latchkey.Gateway;
import io.latchkey.proxy.StubUpstream;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.GZIPInputStream;
import tools.jackson.databind.JsonNode;

/** A server that takes what is sent to Sentry. */
final class StubSentry implements AutoCloseable {
    private final StubUpstream server = StubUpstream.start();

    StubUpstream server() {
        return server;
    }

    String setting() {
        return "--latchkey.sentry.dsn=http://publickey@127.0.0.1:" + server.port() + "/42";
    }

    static String unzipped(StubUpstream.Received envelope) {
        try (GZIPInputStream in = new GZIPInputStream(new ByteArrayInputStream(envelope.body()))) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The payloads of all items of a type that arrived whole: after the envelope's head, a head and a payload each. */
    List<JsonNode> items(String type) {
        List<JsonNode> items = new ArrayList<>();
        for (StubUpstream.Received envelope : server.received()) {
            if (envelope.isWhole()) {
                List<String> lines = unzipped(envelope).lines().toList();
                for (int i = 1; i + 1 < lines.size(); i += 2) {
                    if (Gateway.JSON
                            .readTree(lines.get(i))
                            .path("type")
                            .asString()
                            .equals(type)) {
                        items.add(Gateway.JSON.readTree(lines.get(i + 1)));
                    }
                }
            }
        }
        return items;
    }

    List<String> idsOfEvents() {
        return items("event").stream()
                .map(event -> event.at("/tags/correlation_id").asString())
                .toList();
    }

    @Override
    public void close() throws IOException {
        server.close();
    }
}
