import java.io.IOException;
import java.time.Instant;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

/** Several nodes on trial: how they are reached, what excuses them, what is found, and the verdict. */
abstract class Trial {
    final int[] ports;
    private final int[] managementPorts;
    final String adminToken;
    private final Map<String, String> options;
    final Random random;
    final Load load = new Load(this);
    final Acts acts;
    private final Map<String, AtomicInteger> said = new ConcurrentHashMap<>();
    final AtomicInteger unexpected = new AtomicInteger();
    final List<String> broken = new CopyOnWriteArrayList<>();
    private boolean promiseBroken;
    private boolean failed;
    volatile boolean over;

    Trial(Map<String, String> options) {
        this.options = options;
        ports = numbers("nodes");
        managementPorts = numbers("management");
        adminToken = options.get("admin-token");
        random = new Random(Long.parseLong(options.get("seed")));
        acts = new Acts(this, load, random);
    }

    static Map<String, String> options(String[] arguments) {
        Map<String, String> options = new HashMap<>();
        for (int i = 0; i < arguments.length; i += 2) {
            options.put(arguments[i].substring(2), arguments[i + 1]);
        }
        return options;
    }

    static double now() {
        Instant now = Instant.now();
        return now.getEpochSecond() * 1000.0 + now.getNano() / 1e6;
    }

    /** Whether the node may have answered 503, for it did not reach Redis. */
    abstract boolean mayRefuse(Http.Answer answer, double answered);

    /** Whether the node may not have answered at all. */
    boolean mayNotAnswer(Http.Answer answer, double answered) {
        return false;
    }

    /** Whether the node may not have heard yet of what ended this secret. */
    boolean mayNotKnow(Http.Answer answer, Secret secret) {
        return false;
    }

    /** Whether a node may have been without news in that time. */
    boolean mayLag(double sent, double answered) {
        return false;
    }

    /** The first few of each kind of what went wrong, as it happens. */
    void say(String kind, String what) {
        if (said.computeIfAbsent(kind, first -> new AtomicInteger()).incrementAndGet() <= 5) {
            System.err.println("  " + kind + ": " + what);
        }
    }

    List<Http> connections() {
        return IntStream.of(ports).mapToObj(Http::new).toList();
    }

    /** All, for one; or one, so that others go on when it hangs. */
    List<Http> nodesOfCaller(int caller) {
        return connections();
    }

    void makeKeys(List<Http> operators, int keys) {
        System.err.println("making " + keys + " keys");
        for (int i = 0; i < keys; i++) {
            if (acts.create(operators.get(i % operators.size())) == null) {
                throw new IllegalStateException("a key could not be made before anything was broken");
            }
        }
    }

    /** Keys can be changed on every node again; says so within 90 s. */
    void awaitWhole(String what) {
        List<Http> operators = connections();
        long patience = System.nanoTime() + 90_000_000_000L;
        while (!isWhole(operators)) {
            if (System.nanoTime() - patience > 0) {
                broken.add(what + " did not heal within 90 s");
                return;
            }
            LockSupport.parkNanos(500_000_000L);
        }
    }

    private boolean isWhole(List<Http> operators) {
        for (Http node : operators) {
            if (!node.ask("GET", "/health", "").get("store").equals("healthy") || acts.create(node) == null) {
                return false;
            }
        }
        return true;
    }

    /** What the script that started all this can do. */
    void command(String order) throws Exception {
        if (!isDone(order)) {
            throw new IllegalStateException(order + " failed");
        }
    }

    boolean isDone(String order) throws Exception {
        return new ProcessBuilder(commandLine(order)).inheritIO().start().waitFor() == 0;
    }

    List<String> commandLine(String order) {
        return List.of("bash", "-c", options.get("command") + " " + order);
    }

    /** One series, over all nodes. */
    double sumOf(String series) throws IOException {
        double sum = 0;
        for (int port : managementPorts) {
            try (Http node = new Http(port)) {
                Matcher line = Pattern.compile("^" + Pattern.quote(series) + " ([0-9.E]+)", Pattern.MULTILINE)
                        .matcher(node.send("GET", "/actuator/prometheus", "").body());
                sum += line.find() ? Double.parseDouble(line.group(1)) : 0;
            }
        }
        return sum;
    }

    /** Every acknowledged act has its entry, and the chain is whole. */
    void audit(Http node, String row) throws IOException {
        Set<String> lost = new HashSet<>(acts.acknowledged);
        String cursor = "";
        do {
            Http.Answer page = node.send("GET", "/admin/audit?limit=200" + cursor, "", "Authorization", "Bearer " + adminToken);
            Matcher act = Pattern.compile("\"requestId\":\"([^\"]*)\"").matcher(page.body());
            while (act.find()) {
                lost.remove(act.group(1));
            }
            Matcher next = Pattern.compile("\"next\":\"?([0-9]+)").matcher(page.body());
            cursor = next.find() ? "&cursor=" + next.group(1) : "";
        } while (!cursor.isEmpty());
        Http.Answer verified = node.send("GET", "/admin/audit/verify", "", "Authorization", "Bearer " + adminToken);
        boolean intact = verified.get("intact").equals("true");
        promise(row, lost.size() + (intact ? 0 : 1),
                "of " + acts.acknowledged.size() + " acts; chain of " + verified.get("entries") + (intact ? " intact" : " BROKEN"));
    }

    /** What must not happen once, however slow the machine. */
    void promise(String what, int broken, String meaning) {
        promiseBroken |= broken != 0;
        row(what, broken, broken == 0, meaning);
    }

    /** What a machine that stands still for a while may cause. */
    void availability(String what, int broken, String meaning) {
        row(what, broken, broken == 0, meaning);
    }

    void row(String what, Number figure, Boolean good, String meaning) {
        failed |= good != null && !good;
        System.out.printf(Locale.ROOT, "| %-18s | %8s | %-4s | %s |%n", what, figure, good == null ? "" : good ? "ok" : "FAIL", meaning);
    }

    int verdict(String good) {
        broken.forEach(System.err::println);
        System.out.println("VERDICT: " + (promiseBroken ? "FAIL" : failed ? "too slow or not available" : good));
        return promiseBroken ? 1 : failed ? 3 : 0;
    }

    private int[] numbers(String name) {
        return Arrays.stream(options.get(name).split(",")).mapToInt(Integer::parseInt).toArray();
    }

    int number(String name) {
        return Integer.parseInt(options.get(name));
    }

    static void sleep(int seconds) throws InterruptedException {
        Thread.sleep(seconds * 1000L);
    }
}
