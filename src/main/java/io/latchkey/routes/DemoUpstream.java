package io.latchkey.routes;

import jakarta.annotation.PreDestroy;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.URI;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executors;
import org.eclipse.jetty.http.HttpField;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.util.BufferUtil;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.util.thread.QueuedThreadPool;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;
import tools.jackson.databind.json.JsonMapper;

/**
 * A server of its own on the loopback interface that answers with what it received.
 *
 * <p>It listens on a real socket, so that the demo route walks through the whole house like any other.
 */
@Component
final class DemoUpstream {
    private final JsonMapper json;
    private @Nullable Server server;
    private @Nullable URI uri;

    DemoUpstream(JsonMapper json) {
        this.json = json;
    }

    /** Starts the server unless it runs, and says where it is. */
    URI start() {
        if (uri != null) {
            return uri;
        }
        QueuedThreadPool threads = new QueuedThreadPool(16, 4);
        threads.setName("demo");
        threads.setDaemon(true);
        threads.setVirtualThreadsExecutor(Executors.newVirtualThreadPerTaskExecutor());
        Server started = new Server(threads);
        HttpConnectionFactory http = new HttpConnectionFactory();
        http.getHttpConfiguration().setSendServerVersion(false);
        ServerConnector connector = new ServerConnector(started, http);
        connector.setHost(InetAddress.getLoopbackAddress().getHostAddress());
        started.addConnector(connector);
        started.setHandler(new Echo());
        try {
            started.start();
        } catch (Exception e) {
            throw new IllegalStateException("the demo upstream does not start", e);
        }
        server = started;
        uri = URI.create("http://" + connector.getHost() + ":" + connector.getLocalPort());
        return uri;
    }

    @PreDestroy
    void stop() throws Exception {
        if (server != null) {
            server.stop();
        }
    }

    private final class Echo extends Handler.Abstract {
        @Override
        public boolean handle(Request request, Response response, Callback callback) throws Exception {
            Map<String, Object> received = new LinkedHashMap<>();
            received.put("method", request.getMethod());
            received.put("path", request.getHttpURI().getPath());
            received.put("query", request.getHttpURI().getQuery());
            received.put("headers", headers(request));
            try (InputStream body = Content.Source.asInputStream(request)) {
                received.put("bodyBytes", body.transferTo(OutputStream.nullOutputStream()));
            }
            byte[] answer = json.writeValueAsBytes(received);
            response.getHeaders().put(HttpHeader.CONTENT_TYPE, "application/json");
            response.getHeaders().put(HttpHeader.CONTENT_LENGTH, answer.length);
            response.write(true, BufferUtil.toBuffer(answer), callback);
            return true;
        }

        private static Map<String, Object> headers(Request request) {
            Map<String, List<String>> values = new LinkedHashMap<>();
            for (HttpField field : request.getHeaders()) {
                values.computeIfAbsent(field.getName(), name -> new ArrayList<>())
                        .add(field.getValue());
            }
            Map<String, Object> headers = new LinkedHashMap<>();
            values.forEach((name, list) -> headers.put(name, list.size() == 1 ? list.getFirst() : list));
            return headers;
        }
    }
}
