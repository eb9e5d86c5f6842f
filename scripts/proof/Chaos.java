import java.io.BufferedReader;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Breaks Redis, nodes and the upstream in an order drawn from a seed, while callers call and keys change, and keeps the
 * ledger: what each answer may have been, and whether all that was acknowledged is there at the end.
 */
final class Chaos extends Trial {
    private static final int ACTORS = 3;
    /** What a clock, and a thread that waits its turn, may add to the grace. */
    private static final double SLACK = 1000;

    private final double grace;
    private final Random order;
    /** All that were ever on, in the order in which they began; one that goes on has no end yet. */
    private final List<Fault> faults = new CopyOnWriteArrayList<>();
    private final Orders orders;
    private final Map<Integer, Http> readers = new HashMap<>();
    private volatile boolean settled;

    private Chaos(Map<String, String> options) {
        super(options);
        grace = number("grace") * 1000.0;
        order = new Random(Long.parseLong(options.get("seed")));
        orders = new Orders(this, number("upstream"));
    }

    public static void main(String[] arguments) throws Exception {
        Chaos chaos = new Chaos(options(arguments));
        chaos.run();
        System.exit(chaos.verdict("nothing lost"));
    }

    @Override
    boolean mayRefuse(Http.Answer answer, double answered) {
        String code = answer.get("code");
        // Of an act that got no answer at all there is no code.
        return (code.isEmpty() || code.equals("auth-store-unavailable") || code.equals("store-unavailable"))
                && faults.stream().anyMatch(fault -> fault.isFeltAt(answer.port()) && fault.overlaps(answer.sent(), answered));
    }

    @Override
    boolean mayNotAnswer(Http.Answer answer, double answered) {
        return faults.stream()
                .anyMatch(fault -> fault.kind.stopsNode() && fault.isFeltAt(answer.port()) && fault.overlaps(answer.sent(), answered));
    }

    /** Only a node that was cut off before it could hear, and for no longer than the grace, or the hard bound once it is back. */
    @Override
    boolean mayNotKnow(Http.Answer answer, Secret secret) {
        double sent = answer.sent();
        double since = secret.untoldSince;
        return faults.stream()
                .filter(fault -> fault.kind.hidesRedis() && fault.isFeltAt(answer.port()))
                .anyMatch(fault -> since <= fault.end
                        && since >= fault.begin - Acts.HARD_BOUND
                        && sent >= fault.begin
                        && sent <= Math.min(fault.end + Acts.HARD_BOUND, fault.begin + grace + SLACK));
    }

    @Override
    boolean mayLag(double sent, double answered) {
        return faults.stream().anyMatch(fault -> !fault.kind.isUpstreams() && fault.overlaps(sent, answered));
    }

    @Override
    List<Http> nodesOfCaller(int caller) {
        return List.of(connections().get(caller % ports.length));
    }

    boolean upstreamMayFail(double sent, double answered) {
        return faults.stream().anyMatch(fault -> fault.kind.isUpstreams() && fault.overlaps(sent, answered));
    }

    private void run() throws Exception {
        makeKeys(connections(), number("keys"));
        double began = now();
        load.callers(number("callers"), number("rate"));
        orders.begin(number("orders"));
        List<Thread> actors = new ArrayList<>();
        for (int i = 0; i < ACTORS; i++) {
            actors.add(Thread.ofPlatform().start(this::act));
        }
        Random upstreams = new Random(order.nextLong());
        sleep(number("warm-up"));
        Thread upstream = Thread.ofPlatform().start(() -> troubleUpstream(upstreams));
        for (int round = 0; round < number("rounds"); round++) {
            for (Fault.Kind kind : shuffled(order, false)) {
                int node = 1 + order.nextInt(ports.length);
                int millis = 1000 + order.nextInt(number("longest") * 1000 - 1000);
                inject(kind, node, millis);
                sleep(number("rest"));
            }
        }
        settled = true;
        upstream.join();
        for (Thread actor : actors) {
            actor.join();
        }
        sleep(number("settle"));
        over = true;
        double calling = now() - began;
        // Whoever still waits for an answer gets one, or gives up.
        sleep(2);
        System.err.println("reading back");
        ledger(calling);
    }

    private static List<Fault.Kind> shuffled(Random order, boolean upstreams) {
        List<Fault.Kind> kinds = new ArrayList<>(List.of(Fault.Kind.values()));
        kinds.removeIf(kind -> kind.isUpstreams() != upstreams);
        Collections.shuffle(kinds, order);
        return kinds;
    }

    /** Beside the rest, so that two things are broken at a time. */
    private void troubleUpstream(Random own) {
        try {
            while (!settled) {
                for (Fault.Kind kind : shuffled(own, true)) {
                    if (!settled) {
                        inject(kind, 0, 2000 + own.nextInt(3000));
                        sleep(number("rest"));
                    }
                }
            }
        } catch (Exception e) {
            broken.add("the upstream could not be broken: " + e);
        }
    }

    /** Begins, lasts so long, ends, and is over when all is whole again. */
    private void inject(Fault.Kind kind, int node, int millis) throws Exception {
        Fault fault = new Fault(kind, kind.isOfOneNode() ? ports[node - 1] : 0, now());
        faults.add(fault);
        String name = kind + (kind.isOfOneNode() ? " of node " + node : "");
        tell(kind.begin, node);
        if (!kind.end.isEmpty()) {
            LockSupport.parkNanos(millis * 1_000_000L);
            tell(kind.end, node);
        }
        double lifted = now();
        if (kind.isUpstreams()) {
            // Those that it let wait may still open the breaker.
            sleep(number("patience"));
            orders.awaitWhole(name);
        } else {
            awaitWhole(name);
        }
        fault.end = now();
        System.err.printf(Locale.ROOT, "  %s for %.1f s, whole %.1f s later%n", name, (lifted - fault.begin) / 1000, (fault.end - lifted) / 1000);
    }

    private void tell(String order, int node) throws Exception {
        if (order.startsWith("/")) {
            orders.tell(order);
        } else if (!order.isEmpty()) {
            command(order.formatted(node));
        }
    }

    /** What operators do, faults or not. */
    private void act() {
        List<Http> operators = connections();
        while (!settled) {
            LockSupport.parkNanos(number("pause") * 1_000_000L);
            Http node = operators.get(random.nextInt(operators.size()));
            switch (random.nextInt(10)) {
                case 0, 1 -> acts.create(node);
                case 2 -> acts.revoke(node);
                case 4 -> acts.revokeUnknown(node);
                case 3 -> acts.revokeNewborn(node, operators.get(random.nextInt(operators.size())));
                default -> acts.rotate(node);
            }
        }
    }

    private void ledger(double calling) throws Exception {
        row("calls", load.calls.get(), load.calls.get() > calling / 1000 * number("rate") / 3,
                "accepted " + load.accepted + ", rightly refused " + load.rightlyRefused + "; excused 503 " + load.unavailable
                        + ", excused silence " + load.unanswered);
        row("acts", acts.rotations.get() + acts.revocations.get(), acts.rotations.get() > 0 && acts.revocations.get() > 0,
                acts.rotations + " rotations, " + acts.revocations + " revocations, " + acts.refused + " refused (409), "
                        + acts.unknown + " of unknown outcome");
        // Once more all that there ever was, on every node, with no fault left to excuse anything.
        int before = load.calls.get();
        load.everything();
        promise("wrong 401", load.wrong401.get(), "of secrets that had to work");
        promise("late accepts", load.lateAccepts.get(), "by a node that could have known; " + load.unaware + " more by nodes cut off before");
        promise("inexact deadlines", acts.inexact.get(), "rounded up, or over a second early");
        promise("refused rotations", acts.wronglyRefused.get(), "of those refused (409), without two older secrets that still worked");
        promise("nameless refusals", load.nameless.get() + orders.nameless.get(), "without a requestId");
        orders.figures();
        availability("other failures", load.otherFailures.get() + unexpected.get(),
                "of calls and acts, that no fault explains; " + (load.calls.get() - before) + " calls at the end");
        availability("unacknowledged", acts.unacknowledged.get(), "revocations of which not every node had told within 5 s, without a fault");
        for (int port : ports) {
            promise("lost at " + port, lost(id -> stateAt(port, id)), "of " + load.keys().size() + " keys and their revocations, as this node tells them");
        }
        for (int server = 1; server <= 2; server++) {
            Map<String, String> records = records(server);
            promise("lost in redis " + server, lost(records::get), "of as many; this server has " + records.size() + " records");
        }
        for (Http node : connections()) {
            audit(node, "audit at " + node.port);
        }
        row("faults", faults.size(), broken.isEmpty(), "each healed by itself; at the same time at most one of Redis or a node, and one of the upstream");
    }

    private interface Told {
        /** Active, revoked, or null for a key that is not there. */
        String state(String id) throws IOException;
    }

    private int lost(Told told) throws IOException {
        int lost = 0;
        for (Key key : load.keys()) {
            if (!key.unknown) {
                String expected = key.revoked ? "revoked" : "active";
                String state = told.state(key.id);
                if (!expected.equals(state)) {
                    lost++;
                    say("lost", key.id + " is " + state + " and must be " + expected);
                }
            }
        }
        return lost;
    }

    private String stateAt(int port, String id) throws IOException {
        Http.Answer answer = readers.computeIfAbsent(port, Http::new)
                .send("GET", "/admin/keys/" + id, "", "Authorization", "Bearer " + adminToken);
        // The states of its secrets come later in the document.
        return answer.status() == 200 ? answer.get("state") : null;
    }

    /** State by id, read from the server itself. */
    private Map<String, String> records(int server) throws Exception {
        Process process = new ProcessBuilder(commandLine("records " + server)).redirectError(ProcessBuilder.Redirect.INHERIT).start();
        Map<String, String> states = new HashMap<>();
        try (BufferedReader lines = process.inputReader()) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                Matcher id = Pattern.compile("\"id\":\"([^\"]+)\"").matcher(line);
                if (id.find()) {
                    states.put(id.group(1), line.matches(".*\"revokedAt\":(\"|\\d).*") ? "revoked" : "active");
                }
            }
        }
        return states;
    }
}
