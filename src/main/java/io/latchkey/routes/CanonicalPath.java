package io.latchkey.routes;

import io.latchkey.problems.Refusal;
import io.latchkey.problems.Refused;

/**
 * The one spelling of a request path, used for matching and for forwarding alike.
 *
 * <p>Whatever two servers could read differently is refused rather than repaired: a repaired path is a guess, and the
 * guess of the gateway and that of the upstream need not agree.
 */
final class CanonicalPath {
    private static final String SUB_DELIMITERS_AND_OTHERS = "!$&'()*+,=:@";

    private CanonicalPath() {}

    /** Decodes needlessly encoded characters and upper-cases the other escapes; 400 for everything ambiguous. */
    static String of(String raw) {
        if (raw.isEmpty() || raw.charAt(0) != '/') {
            throw refused("The path must begin with '/'.");
        }
        StringBuilder path = new StringBuilder(raw.length());
        Utf8Check utf8 = new Utf8Check();
        int segmentStart = 1;
        boolean percents = false;
        for (int i = 0; i < raw.length(); i++) {
            char c = raw.charAt(i);
            if (c == '%') {
                int octet = octet(raw, i + 1);
                utf8.accept(octet);
                if (octet < 0x20 || octet == 0x7f || isSeparator(octet)) {
                    throw refused("The path contains an encoded separator or control character.");
                }
                percents |= octet == '%';
                if (isUnreserved(octet)) {
                    path.append((char) octet);
                } else {
                    path.append('%').append(hex(octet >> 4)).append(hex(octet & 15));
                }
                i += 2;
                continue;
            }
            utf8.end();
            if (c == '/') {
                if (!path.isEmpty()) {
                    checkSegment(path, segmentStart, /* last= */ false);
                }
                path.append('/');
                segmentStart = path.length();
            } else if (isUnreserved(c) || SUB_DELIMITERS_AND_OTHERS.indexOf(c) >= 0) {
                path.append(c);
            } else {
                throw refused("The path contains a character that must be percent-encoded or is not allowed at all.");
            }
        }
        utf8.end();
        checkSegment(path, segmentStart, /* last= */ true);
        if (percents) {
            checkDecodedAgain(path);
        }
        return path.toString();
    }

    /** The query as it came; refused when it holds what cannot stand in a request line. */
    static void checkQuery(String query) {
        for (int i = 0; i < query.length(); i++) {
            char c = query.charAt(i);
            if (c <= ' ' || c >= 0x7f) {
                throw refused("The query contains a control, blank or non-ASCII character; percent-encode it.");
            }
        }
    }

    private static void checkSegment(StringBuilder path, int start, boolean last) {
        int length = path.length() - start;
        if (length == 0 && !last) {
            throw refused("The path contains an empty segment ('//').");
        }
        boolean dots = (length == 1 && path.charAt(start) == '.')
                || (length == 2 && path.charAt(start) == '.' && path.charAt(start + 1) == '.');
        if (dots) {
            throw refused("The path contains a dot segment ('.' or '..').");
        }
    }

    /**
     * Decodes until nothing is left to decode: a server that decodes more than once must find the same segments. An
     * escape may be made of the digits that others stand for, as in {@code %25%32%65}.
     */
    private static void checkDecodedAgain(StringBuilder path) {
        StringBuilder decoded = new StringBuilder(path.length());
        for (int i = 0; i < path.length(); i++) {
            decoded.append(path.charAt(i));
            for (int at = decoded.length() - 3; at >= 0 && decoded.charAt(at) == '%'; at = decoded.length() - 3) {
                int octet = pair(decoded, at + 1);
                if (octet < 0) {
                    break;
                }
                if (octet < 0x20 || octet == 0x7f || octet == '.' || isSeparator(octet)) {
                    throw refused("The path contains a doubly encoded dot, separator or control character.");
                }
                decoded.setLength(at);
                decoded.append((char) octet);
            }
        }
    }

    // An encoded ';' is refused like a plain one: "..%3B" is a dot segment for servers that decode before they split.
    private static boolean isSeparator(int octet) {
        return octet == '/' || octet == '\\' || octet == ';';
    }

    private static int octet(String raw, int start) {
        int octet = start + 2 <= raw.length() ? pair(raw, start) : -1;
        if (octet < 0) {
            throw refused("The path contains a malformed percent escape.");
        }
        return octet;
    }

    private static int pair(CharSequence raw, int start) {
        int high = digit(raw.charAt(start));
        int low = digit(raw.charAt(start + 1));
        return high < 0 || low < 0 ? -1 : (high << 4) | low;
    }

    // Character.digit would also accept digits of other scripts.
    private static int digit(char c) {
        return c < 0x80 ? Character.digit(c, 16) : -1;
    }

    private static char hex(int digit) {
        return (char) (digit < 10 ? '0' + digit : 'A' + digit - 10);
    }

    private static boolean isUnreserved(int c) {
        return (c >= 'a' && c <= 'z')
                || (c >= 'A' && c <= 'Z')
                || (c >= '0' && c <= '9')
                || c == '-'
                || c == '.'
                || c == '_'
                || c == '~';
    }

    private static Refused refused(String detail) {
        return new Refused(Refusal.BAD_REQUEST, detail);
    }

    /** Follows runs of encoded octets: an overlong or broken sequence is another way to hide a separator. */
    private static final class Utf8Check {
        private int missing;
        private int least;
        private int value;

        void accept(int octet) {
            if (missing > 0) {
                if ((octet & 0xc0) != 0x80) {
                    throw broken();
                }
                value = (value << 6) | (octet & 0x3f);
                missing--;
                if (missing == 0 && (value < least || value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff))) {
                    throw broken();
                }
            } else if (octet >= 0x80) {
                start(octet);
            }
        }

        void end() {
            if (missing > 0) {
                throw broken();
            }
        }

        private void start(int octet) {
            if ((octet & 0xe0) == 0xc0) {
                begin(1, 0x80, octet & 0x1f);
            } else if ((octet & 0xf0) == 0xe0) {
                begin(2, 0x800, octet & 0x0f);
            } else if ((octet & 0xf8) == 0xf0) {
                begin(3, 0x10000, octet & 0x07);
            } else {
                throw broken();
            }
        }

        private void begin(int continuations, int leastValue, int bits) {
            missing = continuations;
            least = leastValue;
            value = bits;
        }

        private static Refused broken() {
            return refused("The path contains percent escapes that are not UTF-8.");
        }
    }
}
