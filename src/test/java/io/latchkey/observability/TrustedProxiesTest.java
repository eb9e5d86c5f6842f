package io.latchkey.observability;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.latchkey.RawClient;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.springframework.util.unit.DataSize;

@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class TrustedProxiesTest {
    private TestFront front;

    @BeforeAll
    void open() {
        front = new TestFront("--latchkey.front-door.trusted-proxies=127.0.0.1,10.0.0.0/8");
    }

    @AfterAll
    void close() {
        front.close();
    }

    private Probe.Seen seen(String headers) throws IOException {
        front.probe().seen.clear();
        RawClient.exchange(front.port(), "GET /api/demo HTTP/1.1\r\nHost: a\r\n" + headers + "\r\n");
        return front.probe().seen.getFirst();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "203.0.113.9 | 203.0.113.9",
                "6.6.6.6, 203.0.113.9 | 203.0.113.9",
                "203.0.113.9, 10.1.2.3 | 203.0.113.9",
                "6.6.6.6, 203.0.113.9, 10.1.2.3, 10.0.0.1 | 203.0.113.9",
                "10.1.2.3 | 10.1.2.3",
                "::ffff:203.0.113.9 | 203.0.113.9",
                "2001:db8::1 | [2001:db8:0:0:0:0:0:1]",
                "203.0.113.9, nonsense | 127.0.0.1",
                "203.0.113.9, localhost, 10.1.2.3 | 10.1.2.3",
                "203.0.113.9, | 127.0.0.1",
                "unknown | 127.0.0.1",
                "203.0.113.9:1234 | 127.0.0.1",
                "0x7f.1 | 127.0.0.1"
            })
    void clientIsTheFirstStrangerFromTheRight(String forwardedFor, String client) throws IOException {
        assertThat(seen("X-Forwarded-For: " + forwardedFor + "\r\n").client()).isEqualTo(client);
    }

    @Test
    void severalFieldsAreOneListInOrder() throws IOException {
        assertThat(seen("X-Forwarded-For: 6.6.6.6\r\nX-Forwarded-For: 203.0.113.9\r\n")
                        .client())
                .isEqualTo("203.0.113.9");
    }

    @Test
    void schemeIsBelievedOnlyWhenUnambiguous() throws IOException {
        assertThat(seen("X-Forwarded-Proto: https\r\n").secure()).isTrue();
        assertThat(seen("X-Forwarded-Proto: http\r\n").secure()).isFalse();
        assertThat(seen("X-Forwarded-Proto: https, http\r\n").secure()).isFalse();
        assertThat(seen("X-Forwarded-Proto: https\r\nX-Forwarded-Proto: https\r\n")
                        .secure())
                .isFalse();
        assertThat(seen("X-Forwarded-Proto: gopher\r\n").secure()).isFalse();
    }

    @Test
    void forwardingDoesNotSoftenTheStrictness() throws IOException {
        for (String path : List.of("/api/%2e%2e/x", "/api/..;/x", "/api%2Fx", "//api")) {
            assertThat(RawClient.exchange(
                                    front.port(),
                                    "GET " + path
                                            + " HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 203.0.113.9\r\n"
                                            + "X-Forwarded-Proto: https\r\n\r\n")
                            .only()
                            .status())
                    .isEqualTo(400);
        }
    }

    @Test
    void impossiblePropertyIsRefusedByName() {
        assertThatThrownBy(() -> properties("10.0.0.1/8", Duration.ofSeconds(10)))
                .hasMessageContaining("latchkey.front-door.trusted-proxies")
                .hasMessageContaining("10.0.0.1/8");
        assertThatThrownBy(() -> properties("10.0.0.0/8", Duration.ofMillis(1)))
                .hasMessageContaining("latchkey.front-door.header-timeout")
                .hasMessageContaining("PT1S");
    }

    private static FrontDoorProperties properties(String proxy, Duration headerTimeout) {
        return new FrontDoorProperties(
                10,
                DataSize.ofKilobytes(8),
                100,
                headerTimeout,
                Duration.ofSeconds(60),
                DataSize.ofBytes(256),
                DataSize.ofKilobytes(1),
                Duration.ofSeconds(10),
                Duration.ZERO,
                List.of(proxy));
    }
}
