import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Calls to an upstream that is broken at times: GETs, which may be tried again, and POSTs, which must not come twice. */
final class Orders {
    private static final int CALLERS = 12;
    /** For the breaker to close after the upstream is well (U10). */
    private static final long PATIENCE_NANOS = 20_000_000_000L;
    /** What the upstream says while it is switched to fail; no refusal of the gateway. */
    private static final String ITS_OWN = "as switched";
    private static final Set<String> FOR_THE_UPSTREAM =
            Set.of("upstream-unreachable", "upstream-bad-answer", "upstream-timeout", "circuit-open", "overloaded");

    private final Chaos chaos;
    private final int port;
    private String token;
    private final AtomicInteger number = new AtomicInteger();
    /** Of each POST, the status of its answer. */
    private final Map<String, Integer> posts = new ConcurrentHashMap<>();
    private final AtomicInteger calls = new AtomicInteger();
    private final AtomicInteger done = new AtomicInteger();
    private final AtomicInteger unexplained = new AtomicInteger();
    final AtomicInteger nameless = new AtomicInteger();

    Orders(Chaos chaos, int port) {
        this.chaos = chaos;
        this.port = port;
    }

    /** Until the trial is over. */
    void begin(int perSecond) {
        token = chaos.acts.createQuietly(chaos.connections().getFirst()).current.token;
        long pause = 1_000_000_000L * CALLERS / perSecond;
        for (int i = 0; i < CALLERS; i++) {
            Http node = chaos.nodesOfCaller(i).getFirst();
            Thread.ofVirtual().start(() -> call(pause, node));
        }
    }

    private void call(long pause, Http node) {
        ThreadLocalRandom random = ThreadLocalRandom.current();
        long next = System.nanoTime() + random.nextLong(pause);
        while (!chaos.over) {
            LockSupport.parkNanos(next - System.nanoTime());
            next = Math.max(next + pause, System.nanoTime());
            if (random.nextInt(3) == 0) {
                String name = "switched-" + number.incrementAndGet();
                posts.put(name, judge(ask(node, "POST", name)));
            } else {
                judge(ask(node, "GET", "switched"));
            }
        }
    }

    private Http.Answer ask(Http node, String method, String name) {
        return node.ask(method, "/api/orders/" + name, "", "X-API-Key", token);
    }

    private int judge(Http.Answer answer) {
        double answered = Trial.now();
        calls.incrementAndGet();
        if (answer.status() == 200) {
            done.incrementAndGet();
        } else if (!isExplained(answer, answered)) {
            unexplained.incrementAndGet();
            chaos.say("unexplained", "after " + (answered - answer.sent()) + " ms: " + answer.status() + " " + answer.body());
        }
        if (answer.status() >= 400 && !answer.body().equals(ITS_OWN) && answer.get("requestId").isEmpty()) {
            nameless.incrementAndGet();
        }
        return answer.status();
    }

    private boolean isExplained(Http.Answer answer, double answered) {
        boolean upstream = chaos.upstreamMayFail(answer.sent(), answered);
        return switch (answer.status()) {
            case 0 -> upstream || chaos.mayNotAnswer(answer, answered);
            case 502, 504 -> upstream && FOR_THE_UPSTREAM.contains(answer.get("code"));
            case 503 -> chaos.mayRefuse(answer, answered)
                    || upstream && (answer.body().equals(ITS_OWN) || FOR_THE_UPSTREAM.contains(answer.get("code")));
            default -> false;
        };
    }

    void tell(String path) throws IOException {
        try (Http upstream = new Http(port)) {
            upstream.send("GET", path, "");
        }
    }

    /** Every node that can be reached gets answers again. */
    void awaitWhole(String what) {
        long patience = System.nanoTime() + PATIENCE_NANOS;
        for (Http node : chaos.connections()) {
            for (Http.Answer answer = ask(node, "GET", "switched");
                    answer.status() != 200 && (answer.status() != 0 || !chaos.mayNotAnswer(answer, Trial.now()))
                            && !(answer.status() == 503 && chaos.mayRefuse(answer, Trial.now()));
                    answer = ask(node, "GET", "switched")) {
                if (System.nanoTime() - patience > 0) {
                    chaos.broken.add(what + " did not heal within 20 s");
                    return;
                }
                LockSupport.parkNanos(200_000_000L);
            }
        }
    }

    void figures() throws IOException {
        Map<String, Integer> came = new HashMap<>();
        Matcher seen = Pattern.compile("\"(switched-\\d+)\": (\\d+)").matcher(new Http(port).send("GET", "/seen", "").body());
        while (seen.find()) {
            // First those that came, then those that are there still.
            came.putIfAbsent(seen.group(1), Integer.parseInt(seen.group(2)));
        }
        int twice = 0;
        int never = 0;
        for (Map.Entry<String, Integer> post : posts.entrySet()) {
            int times = came.getOrDefault(post.getKey(), 0);
            twice += times > 1 ? 1 : 0;
            never += times == 0 && post.getValue() == 200 ? 1 : 0;
        }
        chaos.promise("POSTs sent twice", twice, "of " + posts.size() + " to an upstream that was broken at times");
        chaos.promise("POSTs made up", never, "answered 200 though they never came");
        chaos.availability("unexplained", unexplained.get(), "of " + calls + " calls to that upstream, " + done + " of them done");
    }
}
