package io.latchkey.routes;

import io.latchkey.problems.Refused;

/** The grammar of a route's path: exact, or with {@code /**} at its end for everything below. */
final class RoutePattern {
    static final String SUBTREE = "/**";
    static final String EXPECTED = "a canonical path below /api/, exact or ending in /**, outside the reserved paths";

    private RoutePattern() {}

    static boolean isValid(String pattern) {
        String stem = stem(pattern);
        if (!(stem.startsWith("/api/") && stem.length() > "/api/".length()) && !pattern.equals("/api" + SUBTREE)) {
            return false;
        }
        return !stem.endsWith("/") && stem.indexOf('*') < 0 && isCanonical(stem) && !isReserved(stem);
    }

    static boolean isSubtree(String pattern) {
        return pattern.endsWith(SUBTREE);
    }

    /** The pattern without its {@code /**}. */
    static String stem(String pattern) {
        return isSubtree(pattern) ? pattern.substring(0, pattern.length() - SUBTREE.length()) : pattern;
    }

    /** Whether {@code prefix} is the whole of {@code path} or ends at one of its slashes. */
    static boolean isPrefix(String prefix, String path) {
        return path.startsWith(prefix) && (path.length() == prefix.length() || path.charAt(prefix.length()) == '/');
    }

    static boolean isCanonical(String path) {
        try {
            return CanonicalPath.of(path).equals(path);
        } catch (Refused e) {
            return false;
        }
    }

    private static boolean isReserved(String stem) {
        for (Reserved reserved : Reserved.values()) {
            if (reserved.covers(stem)) {
                return true;
            }
        }
        return false;
    }
}
