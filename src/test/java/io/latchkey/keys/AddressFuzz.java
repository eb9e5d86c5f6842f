package io.latchkey.keys;

import static org.assertj.core.api.Assertions.assertThat;

import java.math.BigInteger;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Two lines, a block and an address: read as RFC 4291 and RFC 4632 say, and the block holds it or not. */
public final class AddressFuzz {
    private static final Pattern QUAD = Pattern.compile("(|.*:)(\\d{1,3})\\.(\\d{1,3})\\.(\\d{1,3})\\.(\\d{1,3})");

    private AddressFuzz() {}

    public static void fuzzerTestOneInput(byte[] input) {
        String[] lines = new String(input, StandardCharsets.ISO_8859_1).split("\n", 2);
        byte @Nullable [] address = lines.length < 2 ? null : bytes(lines[1]);
        if (lines.length == 2) {
            assertThat(CidrBlock.address(lines[1]).map(InetAddress::getAddress).orElse(null))
                    .as("%s", lines[1])
                    .isEqualTo(address);
        }
        CidrBlock block = block(lines[0]);
        byte @Nullable [] network = bytes(lines[0].replaceFirst("/.*", ""));
        int prefix = prefix(lines[0], network);
        boolean possible =
                network != null && prefix >= 0 && below(network, prefix).signum() == 0;
        assertThat(block != null).as("%s", lines[0]).isEqualTo(possible);
        if (block == null || network == null) {
            return;
        }
        assertThat(CidrBlock.parse(block.toString())).isEqualTo(block);
        assertThat(block.contains(block.network())).isTrue();
        if (address != null) {
            boolean held =
                    address.length == network.length && above(address, prefix).equals(above(network, prefix));
            assertThat(block.contains(CidrBlock.address(lines[1]).orElseThrow()))
                    .as("%s in %s", lines[1], block)
                    .isEqualTo(held);
        }
    }

    private static @Nullable CidrBlock block(String text) {
        try {
            return CidrBlock.parse(text);
        } catch (IllegalArgumentException e) {
            return null;
        }
    }

    private static int prefix(String block, byte @Nullable [] network) {
        int bits = network == null ? -1 : 8 * network.length;
        int slash = block.indexOf('/');
        if (slash < 0) {
            return bits;
        }
        String prefix = block.substring(slash + 1);
        return prefix.matches("0|[1-9][0-9]{0,2}") && Integer.parseInt(prefix) <= bits ? Integer.parseInt(prefix) : -1;
    }

    private static BigInteger above(byte[] address, int prefix) {
        return new BigInteger(1, address).shiftRight(8 * address.length - prefix);
    }

    private static BigInteger below(byte[] address, int prefix) {
        return new BigInteger(1, address).mod(BigInteger.ONE.shiftLeft(8 * address.length - prefix));
    }

    /** The address that a text names; null when it names none. */
    public static @Nullable InetAddress expected(String text) {
        byte @Nullable [] bytes = bytes(text);
        try {
            return bytes == null ? null : InetAddress.getByAddress(bytes);
        } catch (UnknownHostException e) {
            throw new AssertionError(e);
        }
    }

    private static byte @Nullable [] bytes(String text) {
        Matcher quad = QUAD.matcher(text);
        String hex = text;
        if (quad.matches()) {
            int[] octets = new int[4];
            for (int i = 0; i < 4; i++) {
                octets[i] = Integer.parseInt(quad.group(i + 2));
                if (octets[i] > 255
                        || (quad.group(i + 2).startsWith("0")
                                && quad.group(i + 2).length() > 1)) {
                    return null;
                }
            }
            if (quad.group(1).isEmpty()) {
                return new byte[] {(byte) octets[0], (byte) octets[1], (byte) octets[2], (byte) octets[3]};
            }
            hex = quad.group(1) + "%x:%x".formatted(octets[0] << 8 | octets[1], octets[2] << 8 | octets[3]);
        }
        byte @Nullable [] bytes = groups(hex);
        boolean mapped =
                bytes != null && new BigInteger(1, bytes).shiftRight(32).equals(BigInteger.valueOf(0xffff));
        return bytes != null && mapped ? Arrays.copyOfRange(bytes, 12, 16) : bytes;
    }

    private static byte @Nullable [] groups(String text) {
        String[] halves = text.split("::", -1);
        String[] left = halves[0].isEmpty() ? new String[0] : halves[0].split(":", -1);
        String[] right = halves.length < 2 || halves[1].isEmpty() ? new String[0] : halves[1].split(":", -1);
        int told = left.length + right.length;
        if (halves.length > 2 || (halves.length == 1 ? told != 8 : told > 7)) {
            return null;
        }
        byte[] bytes = new byte[16];
        for (int i = 0; i < told; i++) {
            String group = i < left.length ? left[i] : right[i - left.length];
            if (!group.matches("[0-9A-Fa-f]{1,4}")) {
                return null;
            }
            int at = 2 * (i < left.length ? i : 8 - told + i);
            bytes[at] = (byte) (Integer.parseInt(group, 16) >> 8);
            bytes[at + 1] = (byte) Integer.parseInt(group, 16);
        }
        return bytes;
    }
}
