import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** Does what keys live through, again and again, and says whether anything in the node or in Redis grows with it. */
final class Soak {
    private static final int BODY = 65_536;
    /** One-sided, at one percent: growth that is no more than noise rises so steadily once in a hundred times. */
    private static final double STEADY = 2.33;
    /** Growth is told for ten times the cycles that were run. */
    private static final int AHEAD = 10;

    private final Map<String, String> options;
    private final int callers;
    private final AtomicInteger cycles = new AtomicInteger();
    private final AtomicInteger calls = new AtomicInteger();
    private final AtomicInteger failures = new AtomicInteger();
    private final List<double[]> samples = new ArrayList<>();
    private boolean failed;

    private Soak(Map<String, String> options) {
        this.options = options;
        callers = number("callers");
    }

    /** What a sample is made of, in the order in which the script gives it, and what it may grow by. */
    private enum Figure {
        HEAP("live heap, KiB", 10_240),
        THREADS("threads", 10),
        FILES("file descriptors", 10),
        STRAY("Redis keys beside the records", 20),
        LEFT("Redis memory of other keys, KiB", 1_024),
        MEMORY("Redis memory beside its data, KiB", 5_120),
        RECORDS("records of keys in Redis", Double.NaN),
        KEPT("Redis memory of what is kept, KiB", Double.NaN),
        AUDIT("audit entries", Double.NaN);

        private final String label;
        /** Over ten times the cycles, as a line; none for what is kept by design. */
        private final double bound;

        Figure(String label, double bound) {
            this.label = label;
            this.bound = bound;
        }
    }

    public static void main(String[] arguments) throws Exception {
        Soak soak = new Soak(Trial.options(arguments));
        soak.run();
        System.exit(soak.verdict());
    }

    private void run() throws Exception {
        System.err.println("warming up");
        cycle(number("warm-up"), 0);
        sample();
        int count = number("samples");
        for (int i = 0; i < count; i++) {
            cycle(number("cycles") * (i + 1) / count - number("cycles") * i / count, number("minutes") * 60.0 / count);
            sample();
        }
    }

    /** So many cycles by all callers, or as many as they can in that time; then their owners are forgotten. */
    private void cycle(int count, double seconds) throws InterruptedException {
        AtomicInteger left = new AtomicInteger(count);
        long end = System.nanoTime() + (long) (seconds * 1e9);
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < callers; i++) {
            String owner = "soak-" + i;
            threads.add(Thread.ofVirtual().start(() -> {
                try (Http node = new Http(number("port"))) {
                    while (seconds > 0 ? System.nanoTime() < end : left.getAndDecrement() > 0) {
                        live(node, owner);
                        cycles.incrementAndGet();
                    }
                    admin(node, 200, "DELETE", "/admin/owners/" + owner, "");
                }
            }));
        }
        for (Thread thread : threads) {
            thread.join();
        }
    }

    /** The life of one key. */
    private void live(Http node, String owner) {
        Http.Answer made = admin(node, 201, "POST", "/admin/keys", "{\"name\":\"soak\",\"owner\":\"" + owner + "\"}");
        String key = "/admin/keys/" + made.get("id");
        String old = made.get("token");
        call(node, 200, old, "GET", "/api/direct/ok", "");
        call(node, 200, old, "GET", "/api/cached/text", "");
        call(node, 200, old, "GET", "/api/cached/text", "");
        Http.Answer upload = call(node, 200, old, "POST", "/api/direct/receive", "x".repeat(BODY));
        check(upload.body().contains("\"bytes\": " + BODY), upload, "POST /api/direct/receive");

        Http.Answer rotation = admin(node, 201, "POST", key + "/rotations", "{\"overlap\":\"PT1H\"}");
        String fresh = rotation.get("token");
        call(node, 200, old, "GET", "/api/direct/ok", "");
        call(node, 200, fresh, "GET", "/api/direct/ok", "");
        admin(node, 200, "POST", key + "/rotations/" + rotation.get("id") + "/finish", "{\"force\":true}");
        call(node, 401, old, "GET", "/api/direct/ok", "");
        Http.Answer pending = admin(node, 201, "POST", key + "/rotations", "{\"overlap\":\"PT1H\",\"activation\":\"first-use\"}");
        admin(node, 200, "POST", key + "/rotations/" + pending.get("id") + "/rollback", "");

        Http.Answer self = call(node, 200, fresh, "GET", "/api/v1/keys/self", "");
        check(self.get("id").equals(made.get("id")), self, "GET /api/v1/keys/self");
        call(node, 200, fresh, "GET", "/api/v1/usage", "");
        String version = admin(node, 200, "GET", key, "").get("version");
        admin(node, 200, "PATCH", key, "{\"limits\":[{\"name\":\"two\",\"quota\":2,\"window\":\"PT1S\",\"accuracy\":\"exact\"}]}",
                "If-Match", "\"" + version + "\"");
        call(node, 200, fresh, "GET", "/api/direct/ok", "");
        admin(node, 200, "DELETE", key, "", "Prefer", "wait=5");
        call(node, 401, fresh, "GET", "/api/direct/ok", "");
        admin(node, 200, "GET", "/admin/audit?limit=10", "");
    }

    private Http.Answer call(Http node, int expected, String token, String method, String path, String body) {
        return ask(node, expected, method, path, body, "X-API-Key", token);
    }

    private Http.Answer admin(Http node, int expected, String method, String path, String body, String... more) {
        String[] fields = Arrays.copyOf(new String[] {"Authorization", "Bearer " + options.get("admin-token")}, 2 + more.length);
        System.arraycopy(more, 0, fields, 2, more.length);
        return ask(node, expected, method, path, body, fields);
    }

    private Http.Answer ask(Http node, int expected, String method, String path, String body, String... fields) {
        Http.Answer answer = node.ask(method, path, body, fields);
        calls.incrementAndGet();
        check(answer.status() == expected, answer, method + " " + path);
        return answer;
    }

    private void check(boolean right, Http.Answer answer, String what) {
        if (!right && failures.incrementAndGet() <= 5) {
            System.err.println("  " + what + ": " + answer.status() + " " + answer.body());
        }
    }

    /** When counters and what is written in batches have come to rest. */
    private void sample() throws IOException, InterruptedException {
        LockSupport.parkNanos(number("settle") * 1_000_000_000L);
        Process process = new ProcessBuilder("bash", "-c", options.get("command")).redirectError(ProcessBuilder.Redirect.INHERIT).start();
        try (BufferedReader lines = process.inputReader()) {
            String[] words = String.valueOf(lines.readLine()).split(" ");
            if (process.waitFor() != 0 || words.length != Figure.values().length) {
                throw new IllegalStateException("no sample could be taken");
            }
            double[] sample = IntStream.concat(IntStream.of(cycles.get()), Arrays.stream(words).mapToInt(Integer::parseInt))
                    .asDoubleStream().toArray();
            samples.add(sample);
            System.err.println("  after " + cycles + " cycles: " + String.join(" ", words));
        }
    }

    private int verdict() throws IOException {
        double run = last(-1) - first(-1);
        System.out.printf("| figure | %s | growth | as a line, in %d x | verdict |%n| --- | %s--- | --- | --- |%n",
                samples.stream().map(sample -> "after " + (int) sample[0]).collect(Collectors.joining(" | ")), AHEAD, "--- | ".repeat(samples.size()));
        List<String> json = new ArrayList<>();
        for (Figure figure : Figure.values()) {
            double[] values = values(figure.ordinal());
            double growth = values[values.length - 1] - values[0];
            double ahead = slope(values(-1), values) * run * AHEAD;
            boolean steady = steadiness(values) >= STEADY;
            boolean linear = steady && ahead > figure.bound;
            boolean good = switch (figure) {
                case HEAP -> !linear && growth <= number("heap-mb") * 1024;
                // One for each key that there ever was, so that its token never works again.
                case RECORDS -> growth <= run;
                default -> !linear;
            };
            failed |= !good;
            System.out.printf(Locale.ROOT, "| %s | %s | %.0f | %.0f%s | %s |%n", figure.label,
                    Arrays.stream(values).mapToObj(value -> "%.0f".formatted(value)).collect(Collectors.joining(" | ")), growth, ahead,
                    steady ? ", steady" : "", good ? Double.isNaN(figure.bound) && figure != Figure.RECORDS ? "kept" : "ok" : "FAIL");
            json.add(String.format(Locale.ROOT, "\"%s\":{\"values\":%s,\"growth\":%.0f,\"ahead\":%.0f,\"steady\":%b,\"ok\":%b}",
                    figure.name().toLowerCase(Locale.ROOT), Arrays.toString(values), growth, ahead, steady, good));
        }
        failed |= failures.get() > 0 || cycles.get() == 0;
        System.out.printf(Locale.ROOT, "%d cycles, of which %.0f after the warm-up; %d calls, %d of them not answered as they must%n",
                cycles.get(), run, calls.get(), failures.get());
        String verdict = failed ? "FAIL" : "nothing grows";
        System.out.println("VERDICT: " + verdict);
        if (options.containsKey("out")) {
            Files.writeString(Path.of(options.get("out")), String.format("{\"cycles\":%s,\"calls\":%d,\"failures\":%d,\"figures\":{%s},\"ok\":%b}%n",
                    Arrays.toString(values(-1)), calls.get(), failures.get(), String.join(",", json), !failed));
        }
        return failed ? 1 : 0;
    }

    private double[] values(int figure) {
        return samples.stream().mapToDouble(sample -> sample[figure + 1]).toArray();
    }

    private double first(int figure) {
        return samples.getFirst()[figure + 1];
    }

    private double last(int figure) {
        return samples.getLast()[figure + 1];
    }

    /** The median of the slopes of all pairs (Theil and Sen): one odd sample does not move it. */
    private static double slope(double[] at, double[] values) {
        double[] slopes = pairs(values.length)
                .mapToDouble(pair -> (values[pair[1]] - values[pair[0]]) / (at[pair[1]] - at[pair[0]])).sorted().toArray();
        return (slopes[slopes.length / 2] + slopes[(slopes.length - 1) / 2]) / 2;
    }

    /** How many standard deviations more pairs rise than fall than would without a trend (Mann and Kendall). */
    private static double steadiness(double[] values) {
        double n = values.length;
        double risen = pairs(values.length).mapToDouble(pair -> Math.signum(values[pair[1]] - values[pair[0]])).sum();
        return (risen - Math.signum(risen)) / Math.sqrt(n * (n - 1) * (2 * n + 5) / 18);
    }

    private static java.util.stream.Stream<int[]> pairs(int n) {
        return IntStream.range(0, n).boxed()
                .flatMap(i -> IntStream.range(i + 1, n).mapToObj(j -> new int[] {i, j}));
    }

    private int number(String name) {
        return Integer.parseInt(options.get(name));
    }
}
