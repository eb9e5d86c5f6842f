import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;

/**
 * Drives several nodes with hundreds of keys while keys are rotated and revoked, the stream of changes is cut and the
 * master of Redis is killed, and says what every single call should have got.
 */
final class Proof extends Trial {
    private static final int QUIET_WINDOWS = 5;

    private final Limits limits = new Limits(this, acts);
    private volatile double failoverBegan = Double.NaN;
    private volatile double failoverEnded = Double.NaN;

    private Proof(Map<String, String> options) {
        super(options);
    }

    public static void main(String[] arguments) throws Exception {
        Map<String, String> options = options(arguments);
        if (options.containsKey("wires")) {
            serveWires(options);
            return;
        }
        Proof proof = new Proof(options);
        proof.run();
        System.exit(proof.verdict("zero downtime"));
    }

    /** The network alone, in a process that is there before the nodes; each line it reads is an order to all wires. */
    private static void serveWires(Map<String, String> options) throws IOException {
        List<Wire> wires = new ArrayList<>();
        for (String pair : options.get("wires").split(",")) {
            String[] ports = pair.split(":");
            wires.add(Wire.open(Integer.parseInt(ports[0]), Integer.parseInt(ports[1]), Integer.parseInt(options.get("delay"))));
        }
        java.io.BufferedReader orders = new java.io.BufferedReader(new java.io.InputStreamReader(System.in));
        for (String order = orders.readLine(); order != null; order = orders.readLine()) {
            String said = order;
            wires.forEach(wire -> wire.order(said));
        }
    }

    @Override
    boolean mayRefuse(Http.Answer answer, double answered) {
        double ended = failoverEnded;
        return answered >= failoverBegan && (Double.isNaN(ended) || answer.sent() <= ended);
    }

    private void run() throws Exception {
        List<Http> operators = connections();
        makeKeys(operators, number("keys"));
        double callingSince = now();
        load.callers(number("callers"), number("rate"));
        System.err.println("warming up");
        // Acts too: their code is compiled at the cost of the calls beside it, once.
        act(operators, number("rotations") / 4, number("revocations") / 4);
        sleep(number("warm-up"));

        System.err.println("rotations and revocations, and quiet windows between them");
        double window = number("window") * 1000.0;
        List<Window> quiet = new ArrayList<>();
        List<Window> busy = new ArrayList<>();
        // In turn, so that a machine that grows slower is not taken for the price of the changes.
        for (int i = 0; i < QUIET_WINDOWS; i++) {
            // Until the overlaps that were begun are over.
            sleep(number("rest"));
            double from = now();
            sleep(number("window"));
            quiet.add(new Window(from, from + window));
            from = now();
            act(operators, number("rotations") / 2 / QUIET_WINDOWS, number("revocations") / 2 / QUIET_WINDOWS);
            double took = now() - from;
            int windows = Math.max(1, (int) (took / window));
            for (int n = 0; n < windows; n++) {
                busy.add(new Window(from + n * took / windows, from + (n + 1) * took / windows));
            }
        }
        System.err.println("keys that are revoked while they are called for the first time");
        bear(number("newborns"));
        System.err.println("limits");
        limits.countTogether();
        // Before anything is broken on purpose.
        double[] propagation = propagation();

        System.err.println("the stream of changes goes silent");
        silence(operators);

        System.err.println("the master of Redis is killed");
        failover(operators);

        sleep(number("settle"));
        over = true;
        double calling = now() - callingSince;
        sleep(1);
        figures(calling, quiet, busy, propagation);
        audit(operators.getFirst(), "lost audit entries");
    }

    /** On all nodes at once. */
    private void bear(int newborns) throws InterruptedException {
        List<Thread> midwives = new ArrayList<>();
        for (int i = 0; i < ports.length; i++) {
            Http maker = new Http(ports[i]);
            Http revoker = new Http(ports[(i + 1) % ports.length]);
            midwives.add(Thread.ofVirtual().start(() -> {
                for (int n = 0; n < newborns / ports.length; n++) {
                    acts.revokeNewborn(maker, revoker);
                }
            }));
        }
        for (Thread midwife : midwives) {
            midwife.join();
        }
    }

    /** Evenly spread, so that one is hardly over when the next begins. */
    private void act(List<Http> operators, int rotations, int revocations) {
        int all = rotations + revocations;
        long pause = number("pause") * 1_000_000L;
        for (int i = 0; i < all; i++) {
            LockSupport.parkNanos(pause);
            Http node = operators.get(random.nextInt(operators.size()));
            if (i * (long) revocations / all != (i + 1) * (long) revocations / all) {
                acts.revoke(node);
            } else {
                acts.rotate(node);
            }
        }
    }

    /** Nobody hears of a revocation; everybody must have asked within the hard bound. */
    private void silence(List<Http> operators) throws Exception {
        wires("silence");
        for (int i = 0; i < 5; i++) {
            sleep(1);
            Key key = load.take(random);
            if (key != null) {
                acts.revoke(operators.get(random.nextInt(operators.size())), key, false);
            }
        }
        sleep(7);
        wires("speak");
        sleep(4);
    }

    private void failover(List<Http> operators) throws Exception {
        List<Key> limited = limits.verifiedEverywhere();
        failoverBegan = now();
        command("failover");
        limits.countAlone(limited);
        Thread healing = Thread.ofPlatform().start(this::awaitFailover);
        act(operators, number("rotations") / 4, number("revocations") / 4);
        healing.join();
        if (!isDone("failed-over")) {
            broken.add("no other master was elected");
        }
        act(operators, number("rotations") / 4, number("revocations") / 4);
    }

    private void awaitFailover() {
        // The nodes need a moment to see that it is gone.
        LockSupport.parkNanos(3_000_000_000L);
        awaitWhole("the fail-over");
        failoverEnded = now();
    }

    private void wires(String order) throws Exception {
        command("wires " + order);
    }

    /** Of the changes, how many had reached a node within 50 ms, 250 ms and 5 s, and how many there were. */
    private double[] propagation() throws IOException {
        String[] limits = {"0.05", "0.25", "5.0", "+Inf"};
        double[] counts = new double[limits.length];
        for (int i = 0; i < limits.length; i++) {
            counts[i] = sumOf("latchkey_key_propagation_seconds_bucket{le=\"" + limits[i] + "\"}");
        }
        return counts;
    }

    private void figures(double calling, List<Window> quiet, List<Window> busy, double[] propagation) {
        row("calls", load.calls.get(), load.calls.get() > calling / 1000 * number("rate") / 2, "accepted " + load.accepted + ", rightly refused " + load.rightlyRefused);
        promise("refused rotations", acts.wronglyRefused.get(), "of those refused (409), without two older secrets that still worked");
        row("acts", acts.rotations.get() + acts.revocations.get(),
                acts.rotations.get() >= number("rotations") / 2 && acts.revocations.get() >= number("revocations") / 2 + number("newborns") / 2,
                acts.rotations + " rotations, " + acts.revocations + " revocations, " + acts.refused + " refused (409), "
                        + acts.unknown + " of unknown outcome");
        promise("wrong 401", load.wrong401.get(), "of secrets that had to work");
        promise("late accepts", load.lateAccepts.get(), "over 1 s past a deadline, or after every node had acknowledged");
        promise("inexact deadlines", acts.inexact.get(), "rounded up, or over a second early");
        promise("nameless refusals", load.nameless.get(), "without a requestId");
        availability("other failures", load.otherFailures.get() + unexpected.get(), "of calls and acts, outside the fail-over");
        double within50 = 100 * propagation[0] / propagation[3];
        double within250 = 100 * propagation[1] / propagation[3];
        row("propagation", (long) propagation[3], within50 >= 50 && within250 >= 99,
                "%.1f %% within 50 ms, %.1f %% within 250 ms".formatted(within50, within250));
        promise("over 5 s", (int) (propagation[3] - propagation[2]), "of these");
        availability("unacknowledged", acts.unacknowledged.get(), "revocations of which not every node had told within 5 s");
        limits.figures();
        List<Double> before = p99s(quiet);
        double calm = median(before);
        double spread = Collections.max(before) - Collections.min(before);
        double beside = median(p99s(busy));
        double shift = beside - calm;
        // Windows that are too short to have a 99th percentile worth the name are told, not judged.
        row("p99 shift", Math.round(shift * 100) / 100.0, number("window") < 5 ? null : (Boolean) (shift <= spread + 0.05 * calm),
                "ms; quiet %.2f (%s), while keys change %.2f".formatted(calm, listed(before), beside));
        row("fail-over", Math.round((failoverEnded - failoverBegan) / 100) / 10.0, broken.isEmpty(),
                "s until all was whole; " + load.unavailable + " calls unavailable meanwhile (503)");
    }

    /** Of the calls that were sent from then until then. */
    private record Window(double from, double to) {}

    private List<Double> p99s(List<Window> windows) {
        return windows.stream().map(window -> load.p99(window.from, window.to)).toList();
    }

    private static String listed(List<Double> values) {
        return values.stream().map("%.1f"::formatted).collect(Collectors.joining(", "));
    }

    private static double median(List<Double> values) {
        return values.stream().sorted().toList().get(values.size() / 2);
    }
}
