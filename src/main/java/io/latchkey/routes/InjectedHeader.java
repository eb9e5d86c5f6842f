package io.latchkey.routes;

import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;

/** What a header that a route adds to its upstream requests may look like. */
final class InjectedHeader {
    private static final Pattern TOKEN = Pattern.compile("[!#$%&'*+.^_`|~0-9A-Za-z-]{1,128}");

    // Framing and hop headers belong to the connection that the gateway itself makes.
    private static final Set<String> OF_THE_CONNECTION = Set.of(
            "connection",
            "content-length",
            "expect",
            "keep-alive",
            "proxy-connection",
            "te",
            "trailer",
            "transfer-encoding",
            "upgrade");

    private InjectedHeader() {}

    static boolean isName(String name) {
        return TOKEN.matcher(name).matches() && !OF_THE_CONNECTION.contains(name.toLowerCase(Locale.ROOT));
    }

    static boolean isValue(String value) {
        return value.chars().allMatch(c -> c == '\t' || (c >= 0x20 && c < 0x7f));
    }
}
