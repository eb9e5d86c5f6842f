import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

/** What an operator does, on any node, and what each token must get before, meanwhile and after. */
final class Acts {
    /** Finish and rollback do not say who has heard of them; K7 gives a change a second. */
    private static final double UNTOLD = 1000;
    /** Until when a node that hears of no change must have asked for itself (K11). */
    static final double HARD_BOUND = 5000;

    private final Trial trial;
    private final Load load;
    private final Random random;
    final AtomicInteger rotations = new AtomicInteger();
    final AtomicInteger revocations = new AtomicInteger();
    final AtomicInteger refused = new AtomicInteger();
    final AtomicInteger wronglyRefused = new AtomicInteger();
    final AtomicInteger unknown = new AtomicInteger();
    final AtomicInteger inexact = new AtomicInteger();
    final AtomicInteger unacknowledged = new AtomicInteger();
    private final AtomicInteger sent = new AtomicInteger();
    /** The ids of those that were answered as done; the audit log has each. */
    final Set<String> acknowledged = ConcurrentHashMap.newKeySet();

    Acts(Trial trial, Load load, Random random) {
        this.trial = trial;
        this.load = load;
        this.random = random;
    }

    /** One that everybody calls; null when nobody knows whether it was made. */
    Key create(Http node) {
        Key key = createQuietly(node);
        if (key != null) {
            load.know(key);
        }
        return key;
    }

    Key createQuietly(Http node) {
        Http.Answer made = admin(node, "POST", "/admin/keys", "{\"name\":\"proof\"}");
        if (made.status() != 201) {
            fail(made);
            return null;
        }
        Key key = new Key(made.get("id"));
        key.current = new Secret(key, made.get("token"), Trial.now());
        key.secrets.add(key.current);
        return key;
    }

    void rotate(Http node) {
        Key key = load.take(random);
        if (key == null) {
            return;
        }
        try {
            long[] overlaps = {0, 500, 1000, 2000, 5000, 10_000};
            long overlap = overlaps[random.nextInt(overlaps.length)];
            if (random.nextInt(4) == 0) {
                rotateAtFirstUse(node, key, overlap);
            } else {
                rotateNow(node, key, overlap);
            }
        } finally {
            key.busy.set(false);
        }
    }

    private void rotateNow(Http node, Key key, long overlap) {
        Secret old = key.current;
        double sent = Trial.now();
        double before = old.worksUntil;
        old.worksUntil = Math.min(before, sent + overlap);
        Http.Answer answer = admin(node, "POST", "/admin/keys/" + key.id + "/rotations", "{\"overlap\":\"PT" + overlap / 1000.0 + "S\"}");
        double answered = Trial.now();
        if (answer.status() == 409) {
            refused(key, overlap, sent);
            old.worksUntil = before;
            return;
        }
        if (!done(key, answer, 201)) {
            return;
        }
        rotations.incrementAndGet();
        double deadline = Instant.parse(answer.get("oldSecretNotAfter")).toEpochMilli();
        // Redis' clock is this machine's, give or take.
        if (deadline < sent + overlap - Secret.EXACTNESS || deadline > answered + overlap + 50) {
            inexact.incrementAndGet();
            trial.say("inexact deadline", (deadline - answered - overlap) + " ms after what was asked for");
        }
        old.endsAt(deadline);
        if (!answer.get("nodesAcked").equals(answer.get("nodesLive"))) {
            old.untoldSince = sent;
        }
        Secret fresh = new Secret(key, answer.get("token"), answered);
        key.current = fresh;
        load.know(fresh);
        if (overlap >= 5000 && random.nextInt(2) == 0) {
            LockSupport.parkNanos(random.nextLong(1_000_000_000L));
            end(node, key, old, fresh, answer.get("id"));
        }
    }

    /** Before the overlap is over: finished, rolled back or extended. */
    private void end(Http node, Key key, Secret old, Secret fresh, String rotation) {
        String path = "/admin/keys/" + key.id + "/rotations/" + rotation;
        old.untoldSince = Trial.now();
        fresh.untoldSince = old.untoldSince;
        switch (random.nextInt(3)) {
            case 0 -> {
                old.worksUntil = Trial.now();
                if (done(key, admin(node, "POST", path + "/finish", "{\"force\":true}"), 200)) {
                    old.failsFrom = Math.min(old.failsFrom, Trial.now() + UNTOLD);
                }
            }
            case 1 -> {
                fresh.worksUntil = Trial.now();
                old.failsFrom = Secret.NEVER;
                if (done(key, admin(node, "POST", path + "/rollback", "{\"force\":true}"), 200)) {
                    old.worksUntil = Secret.NEVER;
                    fresh.failsFrom = Trial.now() + UNTOLD;
                    key.current = old;
                }
            }
            default -> {
                old.failsFrom = Secret.NEVER;
                double until = Math.floor(old.worksUntil + 3000);
                Http.Answer answer = admin(node, "POST", path + "/extend", "{\"until\":\"" + Instant.ofEpochMilli((long) until) + "\"}");
                if (done(key, answer, 200)) {
                    old.endsAt(until);
                }
            }
        }
    }

    private void rotateAtFirstUse(Http node, Key key, long overlap) {
        Secret old = key.current;
        double sent = Trial.now();
        Http.Answer answer = admin(
                node, "POST", "/admin/keys/" + key.id + "/rotations", "{\"overlap\":\"PT" + overlap / 1000.0 + "S\",\"activation\":\"first-use\"}");
        if (answer.status() == 409) {
            refused(key, overlap, sent);
            return;
        }
        if (!done(key, answer, 201)) {
            return;
        }
        rotations.incrementAndGet();
        Secret fresh = new Secret(key, answer.get("token"), Trial.now());
        fresh.beforeFirstUse = () -> {
            old.untoldSince = Trial.now();
            old.worksUntil = Math.min(old.worksUntil, Trial.now() + overlap);
        };
        fresh.afterFirstUse = () -> {
            old.failsFrom = Math.min(old.failsFrom, Trial.now() + overlap + Secret.EXACTNESS);
            key.current = fresh;
        };
        key.pending = fresh;
        load.know(fresh);
    }

    /** Rightly only when two older secrets may still have worked, and there was to be a third. */
    private void refused(Key key, long overlap, double sent) {
        refused.incrementAndGet();
        long older = key.secrets.stream().filter(secret -> secret != key.current && secret.failsFrom > sent).count();
        if (overlap == 0 || older < 2) {
            wronglyRefused.incrementAndGet();
            trial.say("refused", key.id + ": a rotation with " + older + " older secrets and an overlap of " + overlap + " ms");
        }
    }

    void revoke(Http node) {
        Key key = load.take(random);
        if (key != null) {
            revoke(node, key, true);
        }
    }

    /** Of which nobody knows what became of the last act; after this one everybody does. */
    void revokeUnknown(Http node) {
        Key key = load.takeUnknown(random);
        if (key != null) {
            revoke(node, key, true);
        }
    }

    /** A key whose first calls are under way while it is revoked: a look-up may be older than the change. */
    void revokeNewborn(Http maker, Http revoker) {
        Key key = create(maker);
        if (key != null && key.busy.compareAndSet(false, true)) {
            load.rush(key.current);
            revoke(revoker, key, true);
            load.callEverywhere(key.current);
        }
    }

    /** Of a key that was taken; once that is done it stays so, for nothing more can be done with it. */
    void revoke(Http node, Key key, boolean told) {
        List<Secret> secrets = new ArrayList<>(key.secrets);
        double sent = Trial.now();
        secrets.forEach(secret -> secret.worksUntil = Math.min(secret.worksUntil, sent));
        Http.Answer answer = admin(node, "DELETE", "/admin/keys/" + key.id, "", "Prefer", told ? "wait=5" : "wait=0");
        double answered = Trial.now();
        if (answer.status() == 202 || done(key, answer, 200)) {
            if (answer.status() == 202 && told && !trial.mayLag(sent, answered)) {
                unacknowledged.incrementAndGet();
            }
            revocations.incrementAndGet();
            // Every node has said that it knows: from here on, none may accept it.
            double from = answer.status() == 200 ? answered : answered + HARD_BOUND;
            secrets.forEach(secret -> {
                secret.failsFrom = Math.min(secret.failsFrom, from);
                secret.untoldSince = answer.status() == 200 ? Secret.NEVER : sent;
                load.know(secret);
            });
            key.revoked = true;
            // Whatever became of what was done before: all that is known of it has ended.
            key.unknown = false;
        } else {
            key.busy.set(false);
        }
    }

    private boolean done(Key key, Http.Answer answer, int expected) {
        if (answer.status() == expected) {
            return true;
        }
        key.unknown = true;
        fail(answer);
        return false;
    }

    /** Without a master, or without a replica of it, nothing can be changed, nor on a node that is gone; at any other time it can. */
    private void fail(Http.Answer answer) {
        unknown.incrementAndGet();
        double answered = Trial.now();
        boolean excused = (answer.status() == 503 || answer.status() == 0) && trial.mayRefuse(answer, answered)
                || answer.status() == 0 && trial.mayNotAnswer(answer, answered)
                // Its overlap was over before it was done.
                || answer.status() == 409 && trial.mayLag(answer.sent(), answered);
        if (!excused) {
            trial.say("act", "answered " + answer.status() + ": " + answer.body());
            trial.unexpected.incrementAndGet();
        }
    }

    private Http.Answer admin(Http node, String method, String path, String body, String... more) {
        String id = "act-" + sent.incrementAndGet();
        List<String> fields = new ArrayList<>(List.of("Authorization", "Bearer " + trial.adminToken, "X-Correlation-ID", id));
        fields.addAll(List.of(more));
        Http.Answer answer = node.ask(method, path, body, fields.toArray(String[]::new));
        if (answer.status() / 100 == 2) {
            acknowledged.add(id);
        }
        return answer;
    }
}
