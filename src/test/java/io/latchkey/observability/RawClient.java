package io.latchkey.observability;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Sends bytes as they are and reads what comes back, without any opinion about HTTP. */
final class RawClient {
    private static final Duration QUIET = Duration.ofMillis(700);

    /** One parsed answer. */
    record Answer(int status, String head, String body) {
        @Nullable
        String header(String name) {
            for (String line : head.lines().toList()) {
                if (line.toLowerCase(Locale.ROOT).startsWith(name.toLowerCase(Locale.ROOT) + ":")) {
                    return line.substring(name.length() + 1).strip();
                }
            }
            return null;
        }
    }

    /** All answers on one connection, and whether the server closed it. */
    record Exchange(List<Answer> answers, boolean closed, String raw) {
        Answer only() {
            if (answers.size() != 1) {
                throw new AssertionError("Expected one answer, got " + answers.size() + ": " + raw);
            }
            return answers.getFirst();
        }
    }

    private RawClient() {}

    static Exchange send(int port, String request) throws IOException {
        return send(port, request.getBytes(StandardCharsets.ISO_8859_1));
    }

    /** Reads until the server closes, or is quiet for a moment. */
    static Exchange send(int port, byte[] request) throws IOException {
        try (Socket socket = new Socket()) {
            socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 2000);
            socket.getOutputStream().write(request);
            socket.getOutputStream().flush();
            ByteArrayOutputStream received = new ByteArrayOutputStream();
            boolean closed = read(socket, received);
            String raw = received.toString(StandardCharsets.ISO_8859_1);
            return new Exchange(parse(raw), closed, raw);
        }
    }

    private static boolean read(Socket socket, ByteArrayOutputStream received) throws IOException {
        InputStream in = socket.getInputStream();
        byte[] buffer = new byte[65536];
        // The first byte may take as long as a deadline of the server; after it, quiet means done.
        socket.setSoTimeout(20_000);
        try {
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

    private static final Pattern STATUS_LINE = Pattern.compile("HTTP/1\\.1 (\\d{3})");
    private static final Pattern LENGTH = Pattern.compile("(?i)\r\ncontent-length: *(\\d+)");

    private static List<Answer> parse(String raw) {
        List<Answer> answers = new ArrayList<>();
        int at = 0;
        while (at < raw.length()) {
            int end = raw.indexOf("\r\n\r\n", at);
            Matcher status = STATUS_LINE.matcher(raw).region(at, raw.length());
            if (end < 0 || !status.lookingAt()) {
                answers.add(new Answer(0, raw.substring(at), ""));
                return answers;
            }
            String head = raw.substring(at, end + 2);
            Matcher length = LENGTH.matcher(head);
            int code = Integer.parseInt(status.group(1));
            int body = end + 4;
            int next = length.find() ? body + Integer.parseInt(length.group(1)) : code < 200 ? body : raw.length();
            answers.add(new Answer(code, head, raw.substring(body, Math.min(next, raw.length()))));
            at = next;
        }
        return answers;
    }
}
