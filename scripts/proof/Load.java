import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

/** Callers on every node, with tokens that work and tokens that do not, and the judge of each answer. */
final class Load {
    private static final int RECENT = 60;
    /** About as long as a revocation takes on its way to Redis. */
    private static final long RUSH_NANOS = 80_000_000;

    private final Trial trial;
    private final List<Key> keys = new CopyOnWriteArrayList<>();
    private final List<Secret> secrets = new CopyOnWriteArrayList<>();
    private final Secret[] recent = new Secret[RECENT];
    private final AtomicInteger known = new AtomicInteger();
    private final List<Sample> samples = new ArrayList<>();
    final AtomicInteger calls = new AtomicInteger();
    final AtomicInteger accepted = new AtomicInteger();
    final AtomicInteger rightlyRefused = new AtomicInteger();
    final AtomicInteger wrong401 = new AtomicInteger();
    final AtomicInteger lateAccepts = new AtomicInteger();
    final AtomicInteger otherFailures = new AtomicInteger();
    /** Excused ones. */
    final AtomicInteger unaware = new AtomicInteger();
    final AtomicInteger unavailable = new AtomicInteger();
    final AtomicInteger unanswered = new AtomicInteger();
    /** Refusals without the id by which they are found in the log. */
    final AtomicInteger nameless = new AtomicInteger();

    Load(Trial trial) {
        this.trial = trial;
    }

    /** When a call was sent, and how long an accepted one took. */
    record Sample(double at, double millis) {}

    void know(Key key) {
        keys.add(key);
        secrets.add(key.current);
        touch(key.current);
    }

    void know(Secret secret) {
        if (!secrets.contains(secret)) {
            secret.key.secrets.add(secret);
            secrets.add(secret);
        }
        touch(secret);
    }

    private void touch(Secret secret) {
        recent[Math.floorMod(known.getAndIncrement(), RECENT)] = secret;
    }

    /** A key on which nothing else is done; null when none is found soon. */
    Key take(Random random) {
        for (int i = 0; i < 100; i++) {
            Key key = keys.get(random.nextInt(keys.size()));
            if (!key.unknown && !key.revoked && settled(key) && key.busy.compareAndSet(false, true)) {
                return key;
            }
        }
        return null;
    }

    Key takeUnknown(Random random) {
        for (int i = 0; i < 100; i++) {
            Key key = keys.get(random.nextInt(keys.size()));
            if (key.unknown && key.busy.compareAndSet(false, true)) {
                return key;
            }
        }
        return null;
    }

    private static boolean settled(Key key) {
        Secret pending = key.pending;
        return pending == null || pending == key.current;
    }

    List<Key> keys() {
        return keys;
    }

    /** Calls at a steady rate until the trial is over. */
    void callers(int count, int perSecond) {
        for (int i = 0; i < count; i++) {
            long pause = 1_000_000_000L * count / perSecond;
            List<Http> nodes = trial.nodesOfCaller(i);
            Thread.ofVirtual().start(() -> call(pause, nodes));
        }
    }

    private void call(long pause, List<Http> nodes) {
        ThreadLocalRandom random = ThreadLocalRandom.current();
        long next = System.nanoTime() + random.nextLong(pause);
        while (!trial.over) {
            LockSupport.parkNanos(next - System.nanoTime());
            // Who is late does not catch up in a burst.
            next = Math.max(next + pause, System.nanoTime());
            call(nodes.get(random.nextInt(nodes.size())), pick(random));
        }
    }

    private Secret pick(Random random) {
        int dice = random.nextInt(10);
        if (dice < 6) {
            return keys.get(random.nextInt(keys.size())).current;
        }
        Secret lately = dice < 9 ? recent[random.nextInt(RECENT)] : null;
        return lately == null ? secrets.get(random.nextInt(secrets.size())) : lately;
    }

    /** One first call on every node, about when whatever is done with the key meanwhile reaches Redis. */
    void rush(Secret secret) {
        for (Http node : trial.connections()) {
            long offset = ThreadLocalRandom.current().nextLong(RUSH_NANOS);
            Thread.ofVirtual().start(() -> {
                LockSupport.parkNanos(offset);
                try (node) {
                    call(node, secret);
                }
            });
        }
    }

    /** On every node, now. */
    void callEverywhere(Secret secret) {
        for (Http node : trial.connections()) {
            try (node) {
                call(node, secret);
            }
        }
    }

    /** Each that there ever was, on every node. */
    void everything() {
        List<Http> nodes = trial.connections();
        for (Secret secret : secrets) {
            for (Http node : nodes) {
                call(node, secret);
            }
        }
    }

    private void call(Http node, Secret secret) {
        if (secret.key.unknown) {
            return;
        }
        secret.isSent();
        Http.Answer answer = node.ask("GET", "/api/proof/hello", "", "X-API-Key", secret.token);
        double answered = Trial.now();
        if (answer.status() == 200) {
            secret.isAccepted();
        }
        judge(secret, answered, answer);
    }

    private void judge(Secret secret, double answered, Http.Answer answer) {
        int status = answer.status();
        double sent = answer.sent();
        calls.incrementAndGet();
        boolean mustWork = secret.mustWork(sent, answered);
        boolean mustFail = secret.mustFail(sent);
        if (secret.key.unknown) {
            return;
        }
        if (status >= 400 && answer.get("requestId").isEmpty()) {
            nameless.incrementAndGet();
        }
        if (status == 200) {
            accepted.incrementAndGet();
            synchronized (samples) {
                samples.add(new Sample(sent, answered - sent));
            }
            if (mustFail && trial.mayNotKnow(answer, secret)) {
                unaware.incrementAndGet();
            } else if (mustFail) {
                lateAccepts.incrementAndGet();
                trial.say("late accept", secret.key.id + ", " + (sent - secret.failsFrom) + " ms after it had to fail");
            }
        } else if (status == 401 && !mustWork) {
            rightlyRefused.incrementAndGet();
        } else if (status == 401) {
            wrong401.incrementAndGet();
            trial.say("wrong 401", secret.key.id + ", " + (secret.worksUntil - answered) + " ms before its end, "
                    + (sent - secret.worksFrom) + " ms after its begin");
        } else if (status == 503 && trial.mayRefuse(answer, answered)) {
            unavailable.incrementAndGet();
        } else if (status == 0 && trial.mayNotAnswer(answer, answered)) {
            unanswered.incrementAndGet();
        } else {
            otherFailures.incrementAndGet();
            trial.say("other failure", "after " + (answered - sent) + " ms: " + status + " " + answer.body());
        }
    }

    /** Of the calls that were sent in this time. */
    double p99(double from, double to) {
        double[] millis;
        synchronized (samples) {
            millis = samples.stream()
                    .filter(sample -> sample.at() >= from && sample.at() < to)
                    .mapToDouble(Sample::millis)
                    .sorted()
                    .toArray();
        }
        return millis.length == 0 ? Double.NaN : millis[(int) ((millis.length - 1) * 0.99)];
    }
}
