package io.latchkey.cache;

import jakarta.servlet.http.HttpServletRequest;
import java.util.Enumeration;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What a request says to a cache, read in one pass over its header fields. */
final class Ask {
    private final HttpServletRequest request;
    private Directives control = Directives.NONE;
    private boolean pragmaNoCache;
    private boolean credentials;
    private boolean partial;
    private boolean anotherMethod;
    private boolean upgrade;
    private boolean body;
    private boolean cookie;
    private @Nullable String ifNoneMatch;
    private @Nullable String ifModifiedSince;

    /** What connections are told of themselves; any other option is the name of a header that stays behind. */
    private static final Set<String> OF_CONNECTIONS =
            Set.of("", "close", "http2-settings", "keep-alive", "te", "upgrade");

    private Ask(HttpServletRequest request) {
        this.request = request;
    }

    /** {@code needsKey}: an Authorization that came alone was the key, which the upstream never sees. */
    static Ask of(HttpServletRequest request, boolean needsKey) {
        Ask ask = new Ask(request);
        boolean keyApart = false;
        boolean authorization = false;
        boolean controlled = false;
        Enumeration<String> names = request.getHeaderNames();
        while (names.hasMoreElements()) {
            String name = names.nextElement();
            switch (name.length() > 24 ? "" : name.toLowerCase(Locale.ROOT)) {
                case "authorization" -> authorization = true;
                case "x-api-key" -> keyApart = true;
                case "cookie" -> ask.cookie = true;
                case "cache-control" -> {
                    controlled = true;
                    ask.control = Directives.of(ask.joined(name));
                }
                case "pragma" ->
                    ask.pragmaNoCache = String.valueOf(request.getHeader(name)).contains("no-cache");
                // Headers named here do not reach the upstream, though an answer may say that it varies by them.
                case "connection" -> ask.partial |= namesAHeader(ask.value(name));
                case "content-length" -> ask.body = !"0".equals(request.getHeader(name));
                case "transfer-encoding" -> ask.body = true;
                case "range", "if-range", "if-match", "if-unmodified-since" -> ask.partial = true;
                case "if-none-match" -> ask.ifNoneMatch = ask.joined(name);
                case "if-modified-since" -> ask.ifModifiedSince = request.getHeader(name);
                // An offer of h2c, which some clients make each time, is declined anyway.
                case "upgrade" ->
                    ask.upgrade =
                            "GET".equals(request.getMethod()) && "websocket".equalsIgnoreCase(request.getHeader(name));
                // Whoever answers to these sees another request than the one that would be stored.
                case "x-http-method-override", "x-http-method", "x-method-override" -> ask.anotherMethod = true;
                case "x-host", "x-original-host", "x-original-uri" -> ask.partial = true;
                default -> {}
            }
        }
        ask.credentials = ask.cookie || (authorization && (keyApart || !needsKey));
        ask.pragmaNoCache &= !controlled;
        return ask;
    }

    private static boolean namesAHeader(String connection) {
        for (String option : connection.split(",", -1)) {
            if (!OF_CONNECTIONS.contains(option.strip().toLowerCase(Locale.ROOT))) {
                return true;
            }
        }
        return false;
    }

    private @Nullable String joined(String name) {
        Enumeration<String> values = request.getHeaders(name);
        String joined = values.hasMoreElements() ? values.nextElement() : null;
        while (values.hasMoreElements()) {
            joined += ", " + values.nextElement();
        }
        return joined;
    }

    /** The value of a field that an answer varies by. */
    String value(String name) {
        String joined = joined(name);
        return joined == null ? "" : joined.strip();
    }

    boolean isHead() {
        return "HEAD".equals(request.getMethod());
    }

    boolean isPost() {
        return "POST".equals(request.getMethod());
    }

    boolean hasCredentials() {
        return credentials;
    }

    /** Whether the upstream may take the method for another one than it is. */
    boolean overridesMethod() {
        return anotherMethod;
    }

    /** Whether only the upstream itself can answer. */
    boolean mustPass() {
        return partial || anotherMethod || upgrade || (body && !isPost()) || control.has("no-store");
    }

    boolean onlyIfCached() {
        return control.has("only-if-cached");
    }

    boolean wantsNewest() {
        return pragmaNoCache || control.has("no-cache");
    }

    boolean isConditional() {
        return ifNoneMatch != null || ifModifiedSince != null;
    }

    /** Whether the caller would take this answer without anybody asking the upstream. */
    boolean takes(StoredAnswer answer, long now) {
        Terms terms = answer.terms();
        if (terms.alwaysAsk() || wantsNewest() || !mayHave(answer)) {
            return false;
        }
        long age = answer.age(now);
        long oldest = control.seconds("max-age");
        if (oldest >= 0 && age > oldest * 1000) {
            return false;
        }
        long left = terms.lifetime() - age - Math.max(0, control.seconds("min-fresh")) * 1000;
        if (left > 0) {
            return true;
        }
        if (!control.has("max-stale") || terms.neverStale()) {
            return false;
        }
        long staleness = control.seconds("max-stale");
        return control.isBare("max-stale") || -left <= staleness * 1000;
    }

    /** Whether it may be used for this request at all, asked for anew or not. */
    boolean mayHave(StoredAnswer answer) {
        return mayHave(answer.terms().open(), answer.terms().shareable());
    }

    boolean mayHave(boolean open, boolean shareable) {
        return cookie ? shareable : open || !credentials;
    }

    /** Whether the caller holds this answer already (RFC 9110, 13.2.2). */
    boolean holds(Head head) {
        if (head.status() != 200) {
            return false;
        }
        if (ifNoneMatch != null) {
            return matches(ifNoneMatch, head.first("ETag"));
        }
        if (ifModifiedSince == null) {
            return false;
        }
        String changed = head.first("Last-Modified");
        long at = Terms.millis(changed == null ? head.first("Date") : changed);
        long since = Terms.millis(ifModifiedSince);
        return at >= 0 && since >= 0 && at <= since;
    }

    /** Whether a list of entity tags names this one, by weak comparison. */
    static boolean matches(String list, @Nullable String tag) {
        if (list.strip().equals("*")) {
            return true;
        }
        if (tag == null) {
            return false;
        }
        String opaque = opaque(tag);
        int start = list.indexOf('"');
        while (start >= 0) {
            int end = list.indexOf('"', start + 1);
            if (end < 0) {
                return false;
            }
            if (list.substring(start, end + 1).equals(opaque)) {
                return true;
            }
            start = list.indexOf('"', end + 1);
        }
        return false;
    }

    private static String opaque(String tag) {
        return tag.startsWith("W/") ? tag.substring(2) : tag;
    }
}
