package io.latchkey.proxy;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import javax.net.ServerSocketFactory;

/** A server on raw sockets that records exactly what it is sent and answers exactly what it is told. */
public final class StubUpstream implements AutoCloseable {
    public static final String OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

    private final ServerSocket server;
    private final List<Received> received = new CopyOnWriteArrayList<>();
    private final List<Socket> sockets = new CopyOnWriteArrayList<>();
    private final AtomicInteger connections = new AtomicInteger();
    private final AtomicInteger open = new AtomicInteger();
    private final AtomicInteger aborted = new AtomicInteger();
    private volatile Script script = answering(OK);

    /** What to do once the head of a request has been read. */
    public interface Script {
        void serve(Received request, Wire wire) throws IOException;
    }

    private StubUpstream(ServerSocketFactory sockets) throws IOException {
        server = sockets.createServerSocket(0, 500, InetAddress.getLoopbackAddress());
        Thread.ofPlatform().daemon().start(this::accept);
    }

    public static StubUpstream start() {
        return start(ServerSocketFactory.getDefault());
    }

    /** On sockets of another kind, such as those of TLS. */
    public static StubUpstream start(ServerSocketFactory sockets) {
        try {
            return new StubUpstream(sockets);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public URI uri() {
        return URI.create("http://127.0.0.1:" + server.getLocalPort());
    }

    public int port() {
        return server.getLocalPort();
    }

    /** Forgets what was recorded, drops idle connections, and answers {@link #OK} again. */
    public void reset() {
        script = answering(OK);
        received.clear();
        dropConnections();
        connections.set(0);
        aborted.set(0);
    }

    /** Resets all connections, and returns when the other side can know. */
    public void dropConnections() {
        sockets.forEach(StubUpstream::closeQuietly);
        sockets.clear();
        // A close under a blocked reader takes effect only when that has woken up.
        long giveUp = System.nanoTime() + TimeUnit.SECONDS.toNanos(2);
        while (open.get() > 0 && System.nanoTime() - giveUp < 0) {
            LockSupport.parkNanos(100_000);
        }
    }

    public void answer(String raw) {
        script = answering(raw);
    }

    public void script(Script next) {
        script = next;
    }

    private static Script answering(String raw) {
        return (request, wire) -> {
            wire.readBody();
            wire.write(raw);
        };
    }

    /** Requests whose head arrived, in order. */
    public List<Received> received() {
        return received;
    }

    public Received last() {
        return received.getLast();
    }

    /** Connections ever accepted. */
    public int connections() {
        return connections.get();
    }

    public int openConnections() {
        return open.get();
    }

    /** Requests whose body broke off. */
    public int aborted() {
        return aborted.get();
    }

    private void accept() {
        while (!server.isClosed()) {
            try {
                Socket socket = server.accept();
                connections.incrementAndGet();
                open.incrementAndGet();
                sockets.add(socket);
                Thread.ofPlatform().daemon().start(() -> serve(socket));
            } catch (IOException e) {
                return;
            }
        }
    }

    private void serve(Socket socket) {
        try (socket) {
            socket.setTcpNoDelay(true);
            BufferedInputStream in = new BufferedInputStream(socket.getInputStream(), 64 * 1024);
            while (true) {
                String head = readHead(in);
                if (head.isEmpty()) {
                    return;
                }
                Received request = new Received(head);
                received.add(request);
                script.serve(request, new Wire(socket, in, request));
            }
        } catch (EOFException e) {
            aborted.incrementAndGet();
        } catch (IOException e) {
            if (!received.isEmpty() && !received.getLast().isWhole()) {
                aborted.incrementAndGet();
            }
        } finally {
            open.decrementAndGet();
            sockets.remove(socket);
        }
    }

    private static String readHead(BufferedInputStream in) throws IOException {
        ByteArrayOutputStream head = new ByteArrayOutputStream();
        while (true) {
            int b = in.read();
            if (b < 0) {
                return "";
            }
            head.write(b);
            byte[] soFar = head.toByteArray();
            int n = soFar.length;
            if (n >= 4 && soFar[n - 4] == '\r' && soFar[n - 3] == '\n' && soFar[n - 2] == '\r' && b == '\n') {
                return head.toString(StandardCharsets.ISO_8859_1);
            }
        }
    }

    private static void closeQuietly(Socket socket) {
        try {
            socket.setSoLinger(true, 0);
            socket.close();
        } catch (IOException e) {
            // Already closed is what was wanted.
        }
    }

    @Override
    public void close() throws IOException {
        server.close();
        dropConnections();
    }

    /** Digests what is written, wherever that goes. */
    public static DigestOutputStream sha256() {
        try {
            return new DigestOutputStream(OutputStream.nullOutputStream(), MessageDigest.getInstance("SHA-256"));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    public static String sha256(byte[] bytes) throws IOException {
        DigestOutputStream digest = sha256();
        digest.write(bytes);
        return hex(digest);
    }

    public static String hex(DigestOutputStream digest) {
        return HexFormat.of().formatHex(digest.getMessageDigest().digest());
    }

    /** A request as it arrived. */
    public static final class Received {
        private final String head;
        private volatile byte[] body = {};
        private volatile String sha256 = "";
        private volatile boolean whole;
        private final List<String> trailers = new CopyOnWriteArrayList<>();

        Received(String head) {
            this.head = head;
        }

        /** Request line and headers, byte for byte. */
        public String head() {
            return head;
        }

        public String requestLine() {
            return head.lines().findFirst().orElse("");
        }

        public String target() {
            return requestLine().split(" ", -1)[1];
        }

        public List<String> values(String name) {
            List<String> values = new ArrayList<>();
            head.lines().skip(1).forEach(line -> {
                int colon = line.indexOf(':');
                if (colon > 0 && line.substring(0, colon).equalsIgnoreCase(name)) {
                    values.add(line.substring(colon + 1).strip());
                }
            });
            return values;
        }

        public List<String> names() {
            return head.lines()
                    .skip(1)
                    .filter(line -> line.indexOf(':') > 0)
                    .map(line -> line.substring(0, line.indexOf(':')).toLowerCase(Locale.ROOT))
                    .toList();
        }

        public byte[] body() {
            return body;
        }

        /** Of a body that was digested as it came, and not kept. */
        public String sha256() {
            return sha256;
        }

        public List<String> trailers() {
            return trailers;
        }

        /** Whether the body arrived to its very end. */
        public boolean isWhole() {
            return whole;
        }
    }

    /** The connection of one request, in the hands of a script. */
    public static final class Wire {
        private final Socket socket;
        private final BufferedInputStream in;
        private final Received request;

        Wire(Socket socket, BufferedInputStream in, Received request) {
            this.socket = socket;
            this.in = in;
            this.request = request;
        }

        public void write(String text) throws IOException {
            write(text.getBytes(StandardCharsets.ISO_8859_1));
        }

        public void write(byte[] bytes) throws IOException {
            socket.getOutputStream().write(bytes);
            socket.getOutputStream().flush();
        }

        public OutputStream out() throws IOException {
            return socket.getOutputStream();
        }

        /** Reads the body to its end; the record has its digest and not the body. */
        public void digestBody() throws IOException {
            DigestOutputStream digest = sha256();
            if (request.values("Transfer-Encoding").contains("chunked")) {
                for (byte[] chunk = readChunk(); chunk.length > 0; chunk = readChunk()) {
                    digest.write(chunk);
                }
            } else {
                long left = length();
                byte[] buffer = new byte[64 * 1024];
                while (left > 0) {
                    int read = in.read(buffer, 0, (int) Math.min(left, buffer.length));
                    if (read < 0) {
                        throw new EOFException("body broke off");
                    }
                    digest.write(buffer, 0, read);
                    left -= read;
                }
            }
            request.sha256 = hex(digest);
            request.whole = true;
        }

        private long length() {
            return request.values("Content-Length").stream()
                    .mapToLong(Long::parseLong)
                    .sum();
        }

        /** Sends that many bytes back as they come. */
        public void echo(int count) throws IOException {
            byte[] buffer = new byte[64 * 1024];
            for (int left = count; left > 0; ) {
                int read = in.read(buffer, 0, Math.min(left, buffer.length));
                if (read < 0) {
                    throw new EOFException("body broke off");
                }
                socket.getOutputStream().write(buffer, 0, read);
                left -= read;
            }
            request.whole = true;
        }

        /** Ends the connection properly: what was written arrives, and then the end. */
        public void end() throws IOException {
            socket.shutdownOutput();
        }

        public void cut() {
            closeQuietly(socket);
        }

        /** Blocks until the other side has closed or reset the connection. */
        public void awaitEnd() {
            try {
                while (in.read() >= 0) {}
            } catch (IOException e) {
                // A reset is an end as well.
            }
        }

        /** The next piece of the body as it comes; empty at the end. For chunked bodies: one chunk. */
        public byte[] readBody() throws IOException {
            ByteArrayOutputStream body = new ByteArrayOutputStream();
            if (request.values("Transfer-Encoding").contains("chunked")) {
                for (byte[] chunk = readChunk(); chunk.length > 0; chunk = readChunk()) {
                    body.write(chunk);
                    request.body = body.toByteArray();
                }
            } else {
                long length = length();
                byte[] bytes = in.readNBytes((int) length);
                request.body = bytes;
                if (bytes.length < length) {
                    throw new EOFException("body broke off");
                }
            }
            request.whole = true;
            return request.body;
        }

        public byte[] readChunk() throws IOException {
            int size = Integer.parseInt(readLine(), 16);
            byte[] chunk = in.readNBytes(size);
            if (size == 0) {
                for (String line = readLine(); !line.isEmpty(); line = readLine()) {
                    request.trailers.add(line);
                }
                request.whole = true;
            } else if (chunk.length < size || !readLine().isEmpty()) {
                throw new EOFException("chunk broke off");
            }
            return chunk;
        }

        private String readLine() throws IOException {
            StringBuilder line = new StringBuilder();
            for (int b = in.read(); b != '\n'; b = in.read()) {
                if (b < 0) {
                    throw new EOFException("line broke off");
                }
                line.append((char) b);
            }
            return line.toString().strip();
        }
    }
}
