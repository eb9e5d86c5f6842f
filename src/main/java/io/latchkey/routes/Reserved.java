package io.latchkey.routes;

/** The paths under {@code /api} that the gateway itself answers; no route may claim one. */
enum Reserved {
    KEYS_SELF("/api/v1/keys/self", /* below= */ true, /* served= */ true),
    MISSIONS("/api/v1/missions", /* below= */ true, /* served= */ false),
    USAGE("/api/v1/usage", /* below= */ false, /* served= */ true),
    HEALTH("/api/health", /* below= */ false, /* served= */ true);

    private final String path;
    private final boolean below;
    private final boolean served;

    Reserved(String path, boolean below, boolean served) {
        this.path = path;
        this.below = below;
        this.served = served;
    }

    boolean covers(String candidate) {
        return below ? RoutePattern.isPrefix(path, candidate) : candidate.equals(path);
    }

    /** False while the path is only kept free for a later version: it answers 404. */
    boolean served() {
        return served;
    }

    /** The colon keeps it apart from every route id. */
    String label() {
        return "latchkey:" + path.substring("/api/".length()).replace('/', '-');
    }

    /** All but the health check say something about the caller's key. */
    boolean needsKey() {
        return this != HEALTH;
    }

    String pattern() {
        return below ? path + RoutePattern.SUBTREE : path;
    }
}
