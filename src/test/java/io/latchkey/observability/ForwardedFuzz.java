package io.latchkey.observability;

import static org.assertj.core.api.Assertions.assertThat;

import io.latchkey.RawClient;
import io.latchkey.keys.AddressFuzz;
import java.io.IOException;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.regex.Pattern;

/** Any text as {@code X-Forwarded-For} from a trusted proxy: the client is the first stranger from the right, or the peer. */
public final class ForwardedFuzz {
    private static final TestFront FRONT = new TestFront("--latchkey.front-door.trusted-proxies=127.0.0.1,10.0.0.0/8");
    private static final String PEER = "127.0.0.1";
    private static final int LONGEST = 4096;
    private static final Pattern CONTROL = Pattern.compile("[\\x00-\\x08\\x0a-\\x1f\\x7f]");

    private ForwardedFuzz() {}

    public static void fuzzerTestOneInput(byte[] input) throws IOException {
        // A line end would begin another field.
        String value = new String(input, StandardCharsets.ISO_8859_1).replaceAll("[\r\n]", " ");
        FRONT.probe().seen.clear();
        int status = RawClient.exchange(
                        FRONT.port(),
                        "GET /api/demo HTTP/1.1\r\nHost: a\r\nConnection: close\r\nX-Forwarded-For: " + value
                                + "\r\n\r\n")
                .only()
                .status();
        if (CONTROL.matcher(value).find() || value.length() > LONGEST) {
            assertThat(status).as("%s", value).isIn(200, 400, 431);
        } else {
            assertThat(status).as("%s", value).isEqualTo(200);
        }
        assertThat(FRONT.probe().seen).hasSize(status == 200 ? 1 : 0);
        FRONT.probe()
                .seen
                .forEach(seen -> assertThat(seen.client()).as("%s", value).isEqualTo(client(value)));
    }

    private static String client(String value) {
        String client = PEER;
        for (String hop : List.of(value.split(",", -1)).reversed()) {
            InetAddress address = AddressFuzz.expected(hop.replaceAll("^[ \t]+|[ \t]+$", ""));
            if (address == null) {
                return client;
            }
            client = address instanceof Inet6Address ? "[" + address.getHostAddress() + "]" : address.getHostAddress();
            if (!client.equals(PEER) && !client.startsWith("10.")) {
                return client;
            }
        }
        return client;
    }
}
