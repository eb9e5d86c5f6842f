package io.latchkey.keys;

import java.net.InetAddress;
import java.util.HexFormat;
import java.util.Optional;
import java.util.regex.Pattern;

/** A block of IP addresses, such as {@code 10.0.0.0/8}; made of literals only, so no name is ever looked up. */
public record CidrBlock(InetAddress network, int prefix) {
    private static final int IPV4_BYTES = 4;
    private static final int NETWORK_BYTES = 8;

    private static final String OCTET = "(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)";
    private static final String QUAD = OCTET + "(?:\\." + OCTET + "){3}";
    private static final Pattern IPV4 = Pattern.compile(QUAD);

    // A zone id (`%eth0`) is meaningless on another machine, so it is no literal here; the JDK takes longer groups,
    // too.
    private static final Pattern IPV6 = Pattern.compile("(?:[0-9A-Fa-f]{0,4}:){2,8}(?:[0-9A-Fa-f]{0,4}|" + QUAD + ")");

    public CidrBlock {
        int bits = network.getAddress().length * Byte.SIZE;
        if (prefix < 0 || prefix > bits) {
            throw new IllegalArgumentException("The prefix must be between 0 and " + bits);
        }
        if (firstDifferentBit(network.getAddress(), new byte[bits / Byte.SIZE], prefix) < bits) {
            throw new IllegalArgumentException("The address has bits set after its first " + prefix);
        }
    }

    /** {@code 10.0.0.0/8}, {@code fd00::/8}, or a single address. */
    public static CidrBlock parse(String text) {
        int slash = text.indexOf('/');
        String literal = slash < 0 ? text : text.substring(0, slash);
        InetAddress address = address(literal)
                .orElseThrow(() -> new IllegalArgumentException("An IP address or CIDR block such as 10.0.0.0/8"));
        if (slash < 0) {
            return new CidrBlock(address, address.getAddress().length * Byte.SIZE);
        }
        String prefix = text.substring(slash + 1);
        if (!prefix.matches("0|[1-9]\\d{0,2}")) {
            throw new IllegalArgumentException("The prefix after the slash must be a plain number");
        }
        return new CidrBlock(address, Integer.parseInt(prefix));
    }

    /** The address that a strict literal names; IPv4-mapped IPv6 becomes IPv4. Empty for names and everything else. */
    public static Optional<InetAddress> address(String literal) {
        if (!IPV4.matcher(literal).matches() && !IPV6.matcher(literal).matches()) {
            return Optional.empty();
        }
        try {
            return Optional.of(InetAddress.ofLiteral(literal));
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    /** The address behind {@code ServletRequest.getRemoteAddr()}, which brackets IPv6 and may carry a zone. */
    public static Optional<InetAddress> ofRemote(String remoteAddr) {
        String literal = remoteAddr.startsWith("[") && remoteAddr.endsWith("]")
                ? remoteAddr.substring(1, remoteAddr.length() - 1)
                : remoteAddr;
        int zone = literal.indexOf('%');
        return address(zone < 0 ? literal : literal.substring(0, zone));
    }

    /**
     * Whom to count a caller as that may choose its address: itself, or the /64 of an IPv6 address, for a single host may
     * use all of one.
     */
    public static String callersNetwork(String remoteAddr) {
        if (remoteAddr.indexOf(':') < 0) {
            return remoteAddr;
        }
        return ofRemote(remoteAddr).map(CidrBlock::network64).orElse(remoteAddr);
    }

    private static String network64(InetAddress address) {
        byte[] bytes = address.getAddress();
        if (bytes.length == IPV4_BYTES) {
            return address.getHostAddress();
        }
        return HexFormat.of().formatHex(bytes, 0, NETWORK_BYTES) + "/64";
    }

    public boolean contains(InetAddress address) {
        byte[] own = network.getAddress();
        byte[] other = address.getAddress();
        return own.length == other.length && firstDifferentBit(own, other, 0) >= prefix;
    }

    private static int firstDifferentBit(byte[] one, byte[] two, int from) {
        for (int bit = from; bit < one.length * Byte.SIZE; bit++) {
            int mask = 0x80 >> (bit % Byte.SIZE);
            if ((one[bit / Byte.SIZE] & mask) != (two[bit / Byte.SIZE] & mask)) {
                return bit;
            }
        }
        return one.length * Byte.SIZE;
    }

    @Override
    public String toString() {
        return network.getHostAddress() + "/" + prefix;
    }
}
