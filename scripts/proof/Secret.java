import java.util.concurrent.atomic.AtomicBoolean;

/**
 * One token, and between which instants it must be accepted and refused; what lies between two of them is free.
 *
 * <p>Instants are milliseconds of the system's clock. A bound is moved before an act is sent in the direction that makes
 * it forbid less, and to its place when the act was answered.
 */
final class Secret {
    static final double NEVER = Double.POSITIVE_INFINITY;

    /** What the clocks of two processes on one machine, and Redis' clock as a node knows it, may differ by. */
    private static final double CLOCKS = 20;
    /** K7 promises a deadline to the second. */
    static final double EXACTNESS = 1000;

    final Key key;
    final String token;
    volatile double worksFrom;
    volatile double worksUntil = NEVER;
    volatile double failsFrom = NEVER;
    /** When what ends it was asked for, if not every node is known to have heard of it. */
    volatile double untoldSince = NEVER;
    /** Of a rotation that begins with the first use of this secret: what that does to the old one. */
    volatile Runnable beforeFirstUse;
    volatile Runnable afterFirstUse;
    private volatile boolean used;
    private final AtomicBoolean accepted = new AtomicBoolean();

    Secret(Key key, String token, double worksFrom) {
        this.key = key;
        this.token = token;
        this.worksFrom = worksFrom;
    }

    /** Returns when the bounds are moved, whoever of many does it. */
    void isSent() {
        Runnable first = beforeFirstUse;
        if (first != null && !used) {
            synchronized (this) {
                if (!used) {
                    first.run();
                    used = true;
                }
            }
        }
    }

    void isAccepted() {
        Runnable first = afterFirstUse;
        if (first != null && accepted.compareAndSet(false, true)) {
            first.run();
        }
    }

    boolean mustWork(double sent, double answered) {
        return sent >= worksFrom && answered <= worksUntil - CLOCKS;
    }

    boolean mustFail(double sent) {
        return sent >= failsFrom;
    }

    /** As long as this deadline allows, and not a second more. */
    void endsAt(double deadline) {
        worksUntil = deadline;
        failsFrom = deadline + EXACTNESS;
    }
}
