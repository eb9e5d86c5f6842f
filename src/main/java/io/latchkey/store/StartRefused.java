package io.latchkey.store;

/** The application must not run like this: what is wrong, and what the operator does about it. */
public final class StartRefused extends RuntimeException {
    private final String action;

    public StartRefused(String problem, String action) {
        super(problem);
        this.action = action;
    }

    String problem() {
        return String.valueOf(getMessage());
    }

    String action() {
        return action;
    }
}
