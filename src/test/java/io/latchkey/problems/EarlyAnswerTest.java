package io.latchkey.problems;

import static org.assertj.core.api.Assertions.assertThat;

import io.latchkey.Gateway;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A refusal that comes before the request's body leaves no client waiting on a connection that is about to close. */
class EarlyAnswerTest {
    private final Gateway gateway = Gateway.shared();

    private static void write(Socket socket, String text) throws IOException {
        socket.getOutputStream().write(text.getBytes(StandardCharsets.US_ASCII));
    }

    private static List<String> head(BufferedReader in) throws IOException {
        List<String> lines = new ArrayList<>();
        for (String line = in.readLine(); line != null && !line.isEmpty(); line = in.readLine()) {
            lines.add(line);
        }
        return lines;
    }

    private static String start(String path) {
        return "POST " + path
                + " HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n";
    }

    @ParameterizedTest
    @ValueSource(strings = {"/admin/keys", "/api/demo/hello", "/api/nowhere", "/api/v1/keys/self/rotations"})
    void anAnswerBeforeTheBodySaysThatTheConnectionCloses(String path) throws IOException {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), gateway.port());
                BufferedReader in =
                        new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.US_ASCII))) {
            socket.setSoTimeout(10_000);
            write(socket, start(path));
            List<String> head = head(in);
            assertThat(head.getFirst()).matches("HTTP/1.1 40[14] .*");
            assertThat(head).anyMatch(line -> line.equalsIgnoreCase("Connection: close"));
            assertThat(in.lines().count()).isEqualTo(1);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"/admin/keys", "/api/demo/hello", "/api/nowhere"})
    void anAnswerWithTheBodyAtHandKeepsTheConnection(String path) throws IOException {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), gateway.port());
                BufferedReader in =
                        new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.US_ASCII))) {
            socket.setSoTimeout(10_000);
            write(socket, (start(path) + "{}").repeat(2));
            for (int i = 0; i < 2; i++) {
                List<String> head = head(in);
                assertThat(head.getFirst()).matches("HTTP/1.1 40[14] .*");
                assertThat(head).noneMatch(line -> line.equalsIgnoreCase("Connection: close"));
                int length = head.stream()
                        .filter(line -> line.regionMatches(true, 0, "Content-Length: ", 0, 16))
                        .mapToInt(line -> Integer.parseInt(line.substring(16)))
                        .sum();
                assertThat(in.read(new char[length])).isEqualTo(length);
            }
        }
    }
}
