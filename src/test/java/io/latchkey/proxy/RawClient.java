package io.latchkey.proxy;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** A caller on a raw socket: sends exactly these bytes, and tells a clean end of an answer from a cut one. */
public final class RawClient implements AutoCloseable {
    private final Socket socket;
    private final BufferedInputStream in;

    private final List<Head> interim = new ArrayList<>();
    private final List<String> trailers = new ArrayList<>();

    public RawClient(int port) throws IOException {
        socket = new Socket(InetAddress.getLoopbackAddress(), port);
        socket.setSoTimeout(20_000);
        socket.setTcpNoDelay(true);
        in = new BufferedInputStream(socket.getInputStream(), 64 * 1024);
    }

    /** One request on a connection of its own. */
    public static Answer call(int port, String request) throws IOException {
        return call(port, request, new byte[0]);
    }

    public static Answer call(int port, String head, byte[] body) throws IOException {
        try (RawClient client = new RawClient(port)) {
            client.send(head);
            client.send(body);
            return client.receive(head.startsWith("HEAD "));
        }
    }

    public void send(String text) throws IOException {
        send(text.getBytes(StandardCharsets.ISO_8859_1));
    }

    public void send(byte[] bytes) throws IOException {
        socket.getOutputStream().write(bytes);
        socket.getOutputStream().flush();
    }

    /** On another thread than that which receives. */
    public void sendAll(byte[] bytes) {
        try {
            send(bytes);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public String receiveBytes(int count) throws IOException {
        return new String(in.readNBytes(count), StandardCharsets.ISO_8859_1);
    }

    public String receiveToEnd() throws IOException {
        return new String(in.readAllBytes(), StandardCharsets.ISO_8859_1);
    }

    /** The fields behind the last chunked body, names in lower case. */
    public List<String> trailers() {
        return trailers;
    }

    public void cut() throws IOException {
        socket.setSoLinger(true, 0);
        socket.close();
    }

    public Answer receive(boolean toHead) throws IOException {
        Head head = receiveHead();
        while (head.status() < 200 && head.status() != 101) {
            interim.add(head);
            head = receiveHead();
        }
        if (toHead || head.status() == 204 || head.status() == 304) {
            return new Answer(head, new byte[0], true);
        }
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        try {
            if (head.values("Transfer-Encoding").contains("chunked")) {
                for (byte[] chunk = receiveChunk(); chunk.length > 0; chunk = receiveChunk()) {
                    body.write(chunk);
                }
            } else if (!head.values("Content-Length").isEmpty()) {
                int length = Integer.parseInt(head.values("Content-Length").getFirst());
                byte[] bytes = in.readNBytes(length);
                body.write(bytes);
                return new Answer(head, body.toByteArray(), bytes.length == length);
            } else {
                body.write(in.readAllBytes());
            }
            return new Answer(head, body.toByteArray(), true);
        } catch (IOException e) {
            return new Answer(head, body.toByteArray(), false);
        }
    }

    /** The answers before the final ones. */
    public List<Head> interim() {
        return interim;
    }

    public Head receiveHead() throws IOException {
        String status = line();
        List<String> headers = new ArrayList<>();
        for (String line = line(); !line.isEmpty(); line = line()) {
            headers.add(line);
        }
        return new Head(Integer.parseInt(status.split(" ", -1)[1]), headers);
    }

    /** One chunk as soon as its data is there: some servers send the line end behind it only with the next one. */
    public byte[] receiveChunk() throws IOException {
        String size = line();
        if (size.isEmpty()) {
            size = line();
        }
        byte[] chunk = in.readNBytes(Integer.parseInt(size, 16));
        if (chunk.length < Integer.parseInt(size, 16)) {
            throw new EOFException("cut");
        }
        if (chunk.length == 0) {
            for (String line = line(); !line.isEmpty(); line = line()) {
                trailers.add(line.toLowerCase(Locale.ROOT));
            }
        }
        return chunk;
    }

    private String line() throws IOException {
        StringBuilder line = new StringBuilder();
        for (int b = in.read(); b != '\n'; b = in.read()) {
            if (b < 0) {
                throw new EOFException("cut");
            }
            line.append((char) b);
        }
        return line.toString().strip();
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }

    /** Status and headers. */
    public record Head(int status, List<String> headers) {
        public List<String> values(String name) {
            return headers.stream()
                    .filter(line -> line.substring(0, line.indexOf(':')).equalsIgnoreCase(name))
                    .map(line -> line.substring(line.indexOf(':') + 1).strip())
                    .toList();
        }
    }

    /** A whole answer, or what there was of it before it was cut. */
    public static final class Answer {
        private final Head head;
        private final byte[] body;
        private final boolean clean;

        Answer(Head head, byte[] body, boolean clean) {
            this.head = head;
            this.body = body;
            this.clean = clean;
        }

        public int status() {
            return head.status();
        }

        public List<String> values(String name) {
            return head.values(name);
        }

        public Head head() {
            return head;
        }

        public byte[] body() {
            return body;
        }

        public String text() {
            return new String(body, StandardCharsets.UTF_8);
        }

        /** False when it was cut before its end. */
        public boolean clean() {
            return clean;
        }
    }
}
