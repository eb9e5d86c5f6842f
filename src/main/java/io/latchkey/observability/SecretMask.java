package io.latchkey.observability;

import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Text that leaves the house, without what looks like a secret or was said by a caller in a query. */
final class SecretMask {
    private static final int LONGEST = 2000;
    private static final String MASK = "***";

    private static final Pattern TOKEN = Pattern.compile("lk_\\w+");
    private static final Pattern CREDENTIALS = Pattern.compile("(?i)\\b(bearer|basic)(\\s+)[^\\s\"',;]+");
    private static final Pattern NAMED = Pattern.compile(
            "(?i)((?:api-?key|authorization|cookie|password|passwd|secret|token|pepper)[\"']?\\s*[:=]\\s*[\"']?)[^\\s\"',;&]+");
    /** Up to the last at sign: a password may hold one. */
    private static final Pattern USER_OF_URL = Pattern.compile("://[^\\s\"']*@");

    private static final Pattern QUERY = Pattern.compile("\\?[^\\s\"'?]*=[^\\s\"']*");

    private SecretMask() {}

    static @Nullable String of(@Nullable String text) {
        if (text == null) {
            return null;
        }
        String masked = text.length() > LONGEST ? text.substring(0, LONGEST) + "…" : text;
        masked = USER_OF_URL.matcher(masked).replaceAll("://" + MASK + "@");
        masked = QUERY.matcher(masked).replaceAll("?" + MASK);
        masked = CREDENTIALS.matcher(masked).replaceAll("$1$2" + MASK);
        masked = NAMED.matcher(masked).replaceAll("$1" + MASK);
        return TOKEN.matcher(masked).replaceAll("lk_" + MASK);
    }
}
