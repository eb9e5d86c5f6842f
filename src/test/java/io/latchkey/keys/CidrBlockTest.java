package io.latchkey.keys;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class CidrBlockTest {
    @ParameterizedTest
    @CsvSource({
        "10.0.0.0/8, 10.255.1.2, true",
        "10.0.0.0/8, 11.0.0.1, false",
        "192.0.2.7, 192.0.2.7, true",
        "192.0.2.7, 192.0.2.8, false",
        "192.0.2.128/25, 192.0.2.127, false",
        "192.0.2.128/25, 192.0.2.200, true",
        "0.0.0.0/0, 203.0.113.9, true",
        "0.0.0.0/0, ::1, false",
        "::/0, ::1, true",
        "fd00::/8, fd12:3456::1, true",
        "fd00::/8, fe80::1, false",
        "2001:db8::1, 2001:0db8:0:0::1, true",
        "10.0.0.0/8, ::ffff:10.1.2.3, true",
        "::ffff:10.0.0.0/8, 10.1.2.3, true",
    })
    void blockHoldsExactlyItsAddresses(String block, String address, boolean held) {
        assertThat(CidrBlock.parse(block).contains(CidrBlock.address(address).orElseThrow()))
                .isEqualTo(held);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "", " ", "localhost", "example.com", "10.1", "10.0.0.1.", "010.0.0.1", "0x7f.0.0.1", "256.0.0.1",
                "1.2.3.4 ", " 1.2.3.4", "[::1]", "fe80::1%eth0", "::1::", ":::", "1.2.3.4:80", "2130706433", "::g",
                "10.0.0.1\n", "٣.0.0.1", "::00001", "::010.0.0.1", "::1.2.3", "1:2:3:4:5:6:7:8:9"
            })
    void onlyStrictLiteralsAreAddresses(String text) {
        assertThat(CidrBlock.address(text)).isEmpty();
        assertThatThrownBy(() -> CidrBlock.parse(text)).isInstanceOf(IllegalArgumentException.class);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"10.0.0.0/33", "::/129", "10.0.0.0/-1", "10.0.0.0/08", "10.0.0.0/", "10.0.0.0/8/8", "10.0.0.1/8"
            })
    void blocksWithImpossiblePrefixAreRefused(String text) {
        assertThatThrownBy(() -> CidrBlock.parse(text)).isInstanceOf(IllegalArgumentException.class);
    }

    @ParameterizedTest
    @CsvSource({
        "192.0.2.7, 192.0.2.7",
        "[0:0:0:0:0:0:0:1], 0:0:0:0:0:0:0:1",
        "[fe80:0:0:0:0:0:0:1%eth0], fe80:0:0:0:0:0:0:1",
        "fe80:0:0:0:0:0:0:1, fe80:0:0:0:0:0:0:1"
    })
    void remoteAddressOfTheContainerIsUnderstood(String remoteAddr, String address) {
        assertThat(CidrBlock.ofRemote(remoteAddr).orElseThrow().getHostAddress())
                .isEqualTo(address);
    }

    @ParameterizedTest
    @ValueSource(strings = {"[::1", "::1]", "[", "]", "[]", "%", "localhost"})
    void whatIsNoRemoteAddressIsNone(String remoteAddr) {
        assertThat(CidrBlock.ofRemote(remoteAddr)).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "192.0.2.7, 192.0.2.7",
        "[2001:db8:0:1:2:3:4:5], 20010db800000001/64",
        "[2001:db8:0:1:ffff:0:0:1%eth0], 20010db800000001/64",
        "[::ffff:192.0.2.7], 192.0.2.7",
        "[no:address], [no:address]"
    })
    void aCallerIsCountedByItsAddressOrItsNetworkOfSix(String remoteAddr, String counted) {
        assertThat(CidrBlock.callersNetwork(remoteAddr)).isEqualTo(counted);
    }

    @Test
    void noPrefixIsBelowNothing() {
        assertThatThrownBy(() -> new CidrBlock(CidrBlock.address("::").orElseThrow(), -1))
                .hasMessageContaining("between 0 and 128");
    }
}
