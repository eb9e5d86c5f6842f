package io.latchkey.ratelimit;

import com.sun.net.httpserver.HttpServer;
import io.latchkey.Gateway;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;

/** An upstream that says yes, below {@code /held} only when it is told to, and the routes that lead to it. */
final class Backend implements AutoCloseable {
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final AtomicInteger requests = new AtomicInteger();
    private final HttpServer server;
    private volatile CountDownLatch gate = new CountDownLatch(1);

    Backend() {
        try {
            server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 10_000);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        server.createContext("/", exchange -> {
            requests.incrementAndGet();
            if (exchange.getRequestURI().getPath().endsWith("/held")) {
                try {
                    gate.await();
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
            }
            exchange.getResponseHeaders().set("X-RateLimit-Limit", "7");
            exchange.getResponseHeaders().set("X-RateLimit-Used", "3");
            exchange.getResponseHeaders().set("RateLimit", "\"upstream\";r=4");
            // It closes idle connections whenever it likes; nobody is to come upon one of those.
            exchange.getResponseHeaders().set("Connection", "close");
            exchange.sendResponseHeaders(204, -1);
            exchange.close();
        });
        server.setExecutor(threads);
        server.start();
    }

    int requests() {
        return requests.get();
    }

    /** Lets go of all that are held; those that come from now on are held again. */
    void release() {
        CountDownLatch opened = gate;
        gate = new CountDownLatch(1);
        opened.countDown();
    }

    /** The setting that makes these routes, each {@code id: the rest of its fields}. */
    String routes(String... routes) {
        StringBuilder yaml = new StringBuilder("routes:\n");
        for (String route : routes) {
            int colon = route.indexOf(':');
            String id = route.substring(0, colon);
            yaml.append(
                    "  - { id: %s, path: /api/%s/**, upstreams: [\"http://127.0.0.1:%d\"], timeout: { connect: 20s, firstByte: 20s }, %s }\n"
                            .formatted(id, id, server.getAddress().getPort(), route.substring(colon + 1)));
        }
        try {
            return "--latchkey.routes-file="
                    + Files.writeString(Files.createTempFile("routes", ".yml"), yaml.toString());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static Gateway.Answer call(Gateway gateway, String path, String token) {
        return gateway.send("GET", path, "", "X-API-Key", token);
    }

    /** The statuses of so many calls at once, by turns to each gateway. */
    static List<Integer> parallel(int calls, String path, String token, Gateway... gateways) throws Exception {
        CountDownLatch start = new CountDownLatch(1);
        List<java.util.concurrent.Future<Integer>> answers = new ArrayList<>();
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            for (int i = 0; i < calls; i++) {
                Gateway gateway = gateways[i % gateways.length];
                answers.add(threads.submit(() -> {
                    start.await();
                    return call(gateway, path, token).status();
                }));
            }
            start.countDown();
            List<Integer> statuses = new ArrayList<>();
            for (var answer : answers) {
                statuses.add(answer.get());
            }
            return statuses;
        }
    }

    @Override
    public void close() {
        release();
        server.stop(0);
        threads.shutdownNow();
    }
}
