import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.locks.LockSupport;

/** What limits let in over all nodes together, and on each node alone while Redis is gone. */
final class Limits {
    /** As in the routes: calls in an hour, so that no window ends meanwhile. */
    private static final int EXACT = 90;
    private static final int FAST = 600;
    /** A quota that was given out in advance may lie in the hands of a node that is not asked any more. */
    private static final double GIVEN_OUT = 0.05;

    private static final int KEYS = 5;
    private static final int CALLERS = 4;

    private final Trial trial;
    private final Acts acts;
    private int wrongExact;
    private int overFast;
    private int fewFast;
    private int fewestFast = FAST;
    private int uncounted;
    private int overAlone;
    private int underAlone;
    private int mostAlone;

    Limits(Trial trial, Acts acts) {
        this.trial = trial;
        this.acts = acts;
    }

    /** Twice as many calls as are allowed, on all nodes at once. */
    void countTogether() throws InterruptedException, IOException {
        for (Key key : keys()) {
            double alone = decidedAlone();
            int exact = sum(passed(key, "exact", 2 * EXACT));
            int fast = sum(passed(key, "fast", 2 * FAST));
            if (decidedAlone() > alone) {
                // Redis did not answer a node in time, on a machine that stood still: then each counts for itself (L5).
                uncounted++;
                continue;
            }
            wrongExact += Math.abs(exact - EXACT);
            fewestFast = Math.min(fewestFast, fast);
            overFast += Math.max(0, fast - FAST);
            fewFast += fast < FAST * (1 - GIVEN_OUT) ? 1 : 0;
            if (exact != EXACT || fast > FAST) {
                trial.say("limit", key.id + ": " + exact + " of " + EXACT + ", " + fast + " of " + FAST);
            }
        }
    }

    /** Keys that every node has let in, and no limit has counted. */
    List<Key> verifiedEverywhere() throws InterruptedException {
        List<Key> keys = keys();
        for (Key key : keys) {
            passed(key, "proof", trial.connections().size() * CALLERS);
        }
        return keys;
    }

    /** Redis was killed a moment ago: each node has its share of the quota, and one call of which nobody knows. */
    void countAlone(List<Key> keys) throws InterruptedException {
        LockSupport.parkNanos(300_000_000);
        for (Key key : keys) {
            int[] passed = passed(key, "exact", 2 * EXACT);
            int share = EXACT / passed.length;
            for (int alone : passed) {
                mostAlone = Math.max(mostAlone, alone);
                overAlone += Math.max(0, alone - share - 1);
                underAlone += Math.max(0, share - alone);
                if (alone > share + 1 || alone < share) {
                    trial.say("limit", key.id + ": " + alone + " for a share of " + share);
                }
            }
        }
    }

    void figures() {
        trial.promise("limits, exact", wrongExact, "not exactly " + EXACT + " of " + 2 * EXACT + " calls on all nodes at once");
        trial.promise("limits, fast", overFast, "over; at least " + fewestFast + " of the " + FAST + " allowed were let in");
        trial.promise("limits, alone", overAlone, "over a node's share while Redis was gone; at most " + mostAlone + " of " + EXACT + " on one");
        trial.availability("refused early", fewFast + underAlone, "by a fast limit, or by a node alone");
        trial.availability("limits not counted", uncounted < KEYS ? 0 : 1, uncounted + " of " + KEYS + " keys: Redis did not answer in time");
    }

    /** Requests that nodes have decided by their own share. */
    private double decidedAlone() throws IOException {
        return trial.sumOf("latchkey_limits_degraded_total");
    }

    private List<Key> keys() {
        Http node = trial.connections().getFirst();
        List<Key> keys = new ArrayList<>();
        for (int i = 0; i < KEYS; i++) {
            Key key = acts.createQuietly(node);
            if (key == null) {
                throw new IllegalStateException("a key could not be made to count its limits");
            }
            keys.add(key);
        }
        return keys;
    }

    private static int sum(int[] counts) {
        return Arrays.stream(counts).sum();
    }

    /** How many of so many calls, spread over the nodes, were let in on each. */
    private int[] passed(Key key, String route, int calls) throws InterruptedException {
        int nodes = trial.connections().size();
        AtomicIntegerArray passed = new AtomicIntegerArray(nodes);
        List<Thread> callers = new ArrayList<>();
        for (int caller = 0; caller < CALLERS; caller++) {
            List<Http> connections = trial.connections();
            for (int node = 0; node < nodes; node++) {
                int own = node;
                callers.add(Thread.ofVirtual().start(() -> {
                    try (Http connection = connections.get(own)) {
                        for (int i = 0; i < calls / nodes / CALLERS; i++) {
                            passed.addAndGet(own, call(connection, key, route));
                        }
                    }
                }));
            }
        }
        for (Thread caller : callers) {
            caller.join();
        }
        int[] counts = new int[nodes];
        Arrays.setAll(counts, passed::get);
        return counts;
    }

    private int call(Http connection, Key key, String route) {
        Http.Answer answer = connection.ask("GET", "/api/" + route + "/hello", "", "X-API-Key", key.current.token);
        if (answer.status() != 200 && answer.status() != 429) {
            trial.unexpected.incrementAndGet();
            trial.say("limited call", answer.status() + " " + answer.body());
        }
        return answer.status() == 200 ? 1 : 0;
    }
}
