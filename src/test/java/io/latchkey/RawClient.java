package io.latchkey;

import java.io.BufferedInputStream;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** A caller on a raw socket: sends exactly these bytes, and tells a clean end of an answer from a cut one. */
public final class RawClient implements AutoCloseable {
    private static final Duration PATIENCE = Duration.ofSeconds(20);
    private static final Duration QUIET = Duration.ofMillis(700);

    private final Socket socket;
    private final BufferedInputStream in;

    private final List<Head> interim = new ArrayList<>();
    private final List<String> trailers = new ArrayList<>();

    public RawClient(int port) throws IOException {
        this(new Socket(InetAddress.getLoopbackAddress(), port));
    }

    private RawClient(Socket socket) throws IOException {
        this(socket, socket.getInputStream());
        socket.setSoTimeout((int) PATIENCE.toMillis());
        socket.setTcpNoDelay(true);
    }

    private RawClient(Socket socket, InputStream in) {
        this.socket = socket;
        this.in = new BufferedInputStream(in, 64 * 1024);
    }

    /** One request on a connection of its own. */
    public static Answer call(int port, String request) throws IOException {
        return call(port, request, new byte[0]);
    }

    public static Answer call(int port, String head, byte[] body) throws IOException {
        try (RawClient client = new RawClient(port)) {
            client.send(head);
            try {
                client.send(body);
            } catch (SocketException e) {
                // Who has answered already need not read the rest; what it answered is still to be read.
            }
            return client.receive(head.startsWith("HEAD "));
        }
    }

    /** Everything that comes back for these bytes until the server closes, or is quiet for a moment. */
    public static Exchange exchange(int port, byte[] request) throws IOException {
        try (RawClient client = new RawClient(port)) {
            client.send(request);
            ByteArrayOutputStream received = new ByteArrayOutputStream();
            boolean closed = client.readToQuiet(received);
            return new Exchange(
                    answers(received.toByteArray()), closed, received.toString(StandardCharsets.ISO_8859_1));
        }
    }

    public static Exchange exchange(int port, String request) throws IOException {
        return exchange(port, request.getBytes(StandardCharsets.ISO_8859_1));
    }

    /** Whether the server closed. */
    private boolean readToQuiet(OutputStream received) throws IOException {
        byte[] buffer = new byte[65536];
        try {
            // The first byte may take as long as a deadline of the server; after it, quiet means done.
            for (int n; (n = in.read(buffer)) >= 0; ) {
                received.write(buffer, 0, n);
                socket.setSoTimeout((int) QUIET.toMillis());
            }
            return true;
        } catch (SocketTimeoutException e) {
            return false;
        } catch (SocketException e) {
            return true;
        }
    }

    private static List<Answer> answers(byte[] raw) throws IOException {
        List<Answer> answers = new ArrayList<>();
        InputStream rest = new ByteArrayInputStream(raw);
        try (RawClient reader = new RawClient(new Socket(), rest)) {
            while (reader.hasMore()) {
                Head head = reader.receiveHead();
                answers.add(head.status() < 200 ? new Answer(head, new byte[0], true) : reader.receiveBody(head));
            }
        } catch (EOFException | RuntimeException e) {
            answers.add(new Answer(new Head(0, List.of()), raw, false));
        }
        return answers;
    }

    private boolean hasMore() throws IOException {
        in.mark(1);
        boolean more = in.read() >= 0;
        in.reset();
        return more;
    }

    public void send(String text) throws IOException {
        send(text.getBytes(StandardCharsets.ISO_8859_1));
    }

    public void send(byte[] bytes) throws IOException {
        out().write(bytes);
        out().flush();
    }

    /** Where to write what is not at hand as a whole. */
    public OutputStream out() throws IOException {
        return socket.getOutputStream();
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
        return toHead ? new Answer(head, new byte[0], true) : receiveBody(head);
    }

    private Answer receiveBody(Head head) {
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        boolean clean;
        try {
            clean = receiveBody(head, body);
        } catch (IOException e) {
            clean = false;
        }
        return new Answer(head, body.toByteArray(), clean);
    }

    /** What follows this head, as it comes; false when it ended before its end. */
    public boolean receiveBody(Head head, OutputStream to) throws IOException {
        if (head.status() == 204 || head.status() == 304) {
            return true;
        }
        if (head.values("Transfer-Encoding").contains("chunked")) {
            for (byte[] chunk = receiveChunk(); chunk.length > 0; chunk = receiveChunk()) {
                to.write(chunk);
            }
        } else if (head.values("Content-Length").isEmpty()) {
            in.transferTo(to);
        } else {
            byte[] buffer = new byte[64 * 1024];
            for (long left = Long.parseLong(head.values("Content-Length").getFirst()); left > 0; ) {
                int read = in.read(buffer, 0, (int) Math.min(left, buffer.length));
                if (read < 0) {
                    return false;
                }
                to.write(buffer, 0, read);
                left -= read;
            }
        }
        return true;
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

        /** 0 for what is no answer in HTTP. */
        public int status() {
            return head.status();
        }

        public List<String> values(String name) {
            return head.values(name);
        }

        /** The first value; null without that header. */
        public @Nullable String header(String name) {
            return head.values(name).stream().findFirst().orElse(null);
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

    /** All answers on one connection, and whether the server closed it. */
    public record Exchange(List<Answer> answers, boolean closed, String raw) {
        public Exchange {
            answers = List.copyOf(answers);
        }

        public Answer only() {
            if (answers.size() != 1) {
                throw new AssertionError("Expected one answer, got " + answers.size() + ": " + raw);
            }
            return answers.getFirst();
        }
    }
}
