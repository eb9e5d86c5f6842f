package io.latchkey.cache;

import io.latchkey.Gateway;
import io.latchkey.Gateway.Answer;
import io.latchkey.proxy.StubUpstream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A gateway with cached routes before a stub upstream. */
final class CacheHouse implements AutoCloseable {
    final StubUpstream upstream;
    final Gateway gateway;
    final String key;
    final String keyId;

    private CacheHouse(StubUpstream upstream, Gateway gateway) {
        this.upstream = upstream;
        this.gateway = gateway;
        Gateway.Made made = gateway.key("");
        this.key = made.token();
        this.keyId = made.id();
    }

    static String routes(StubUpstream upstream) {
        try {
            Path file = Files.writeString(Files.createTempFile("routes", ".yml"), """
            routes:
              - { id: own, path: /api/own/**, upstreams: ["%1$s"], stripPrefix: /api/own, retry: { attempts: 1 }, breaker: { failures: 1000 }, cache: { ttl: 0s, tags: [scan] } }
              - { id: timed, path: /api/timed/**, upstreams: ["%1$s"], stripPrefix: /api/timed, retry: { attempts: 1 }, breaker: { failures: 1000 },
                  cache: { ttl: 60s, methods: [GET, POST], largest: 64KB } }
              - { id: shared, path: /api/shared/**, upstreams: ["%1$s"], stripPrefix: /api/shared, retry: { attempts: 1 }, breaker: { failures: 1000 },
                  timeout: { firstByte: 20s }, cache: { shared: true, tags: [scan] } }
              - { id: open, path: /api/open/**, upstreams: ["%1$s"], stripPrefix: /api/open, retry: { attempts: 1 }, breaker: { failures: 1000 }, access: public,
                  cache: { ttl: 60s, shared: true } }
              - { id: sturdy, path: /api/sturdy/**, upstreams: ["%1$s"], stripPrefix: /api/sturdy,
                  retry: { attempts: 1 }, breaker: { failures: 1000 }, timeout: { firstByte: 2s },
                  cache: { ttl: 10s, staleIfError: 600s } }
              - { id: backed, path: /api/backed/**, upstreams: ["%1$s"], stripPrefix: /api/backed,
                  retry: { attempts: 1 }, breaker: { failures: 1000 },
                  fallback: { status: 203, contentType: text/plain, body: spare } }
              - { id: plain, path: /api/plain/**, upstreams: ["%1$s"], stripPrefix: /api/plain, retry: { attempts: 1 }, breaker: { failures: 1000 } }
            """.formatted(upstream.uri()));
            return "--latchkey.routes-file=" + file;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static CacheHouse frozen() {
        StubUpstream upstream = StubUpstream.start();
        return new CacheHouse(upstream, Gateway.frozen(with(upstream)));
    }

    static CacheHouse start(StubUpstream upstream, String... settings) {
        return new CacheHouse(upstream, Gateway.start(with(upstream, settings)));
    }

    private static String[] with(StubUpstream upstream, String... settings) {
        List<String> all = new ArrayList<>(List.of(settings));
        all.add(routes(upstream));
        // The stub drops its connections between tests.
        all.add("--latchkey.wire.check-after-idle=0s");
        all.add("--latchkey.rate-limiting.disabled=true");
        return all.toArray(String[]::new);
    }

    Answer get(String path, String... headers) {
        return as(key, "GET", path, "", headers);
    }

    Answer send(String method, String path, String body, String... headers) {
        return as(key, method, path, body, headers);
    }

    Answer as(String token, String method, String path, String body, String... headers) {
        List<String> all = new ArrayList<>(List.of("X-API-Key", token));
        all.addAll(List.of(headers));
        return gateway.send(method, path, body, all.toArray(String[]::new));
    }

    /** An answer of the stub: a head after the status line, and a body. */
    static String answer(String status, String head, String body) {
        return "HTTP/1.1 " + status + "\r\n" + head.replace("\n", "\r\n") + (head.isEmpty() ? "" : "\r\n")
                + "Content-Length: " + body.length() + "\r\n\r\n" + body;
    }

    static String ok(String head, String body) {
        return answer("200 OK", head, body);
    }

    /** Requests that reached the upstream. */
    int calls() {
        return upstream.received().size();
    }

    @Override
    public void close() throws IOException {
        gateway.close();
        upstream.close();
    }
}
