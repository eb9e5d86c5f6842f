package io.latchkey.routes;

import io.latchkey.audit.Act;
import io.latchkey.audit.Audit;
import io.latchkey.problems.Refusal;
import io.latchkey.store.Redis;
import io.latchkey.store.StoreUnavailable;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ArrayBlockingQueue;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/** The audit entries of reloads; those that the file caused wait for the store if they must. */
@Component
class RouteAudit {
    private static final String ACTION = "routes.reload";
    private static final int MOST_WAITING = 100;

    private final Audit audit;
    private final Redis redis;
    private final RouteSource source;
    private final InstantSource time;
    private final Queue<Waiting> waiting = new ArrayBlockingQueue<>(MOST_WAITING);

    /** What happened, and in {@code after} when: the entry itself may be later. */
    private record Waiting(String outcome, @Nullable Object before, Map<String, Object> after) {}

    RouteAudit(Audit audit, Redis redis, RouteSource source, InstantSource time) {
        this.audit = audit;
        this.redis = redis;
        this.source = source;
        this.time = time;
    }

    void write(Act act, RouteChange change) {
        audit.append(act, source.name(), "done", before(change), change);
    }

    private static Map<String, String> before(RouteChange change) {
        return Map.of("version", change.previousVersion());
    }

    void writeSoon(RouteChange change) {
        waiting.offer(new Waiting("done", before(change), Map.of("at", time.instant(), "change", change)));
        writeWaiting();
    }

    void writeRefusedSoon(InvalidRoutes invalid) {
        Map<String, Object> after = new HashMap<>(invalid.evidence());
        after.put("at", time.instant());
        waiting.offer(new Waiting(Refusal.UNPROCESSABLE.code(), null, after));
        writeWaiting();
    }

    /** Of more than fit, in an outage, the log has the rest. */
    void writeWaiting() {
        try {
            for (Waiting next = waiting.peek(); next != null && redis.isReady(); next = waiting.peek()) {
                audit.append(Act.ofGateway(ACTION), source.name(), next.outcome(), next.before(), next.after());
                waiting.poll();
            }
        } catch (StoreUnavailable e) {
            // The next round tries again; an entry may then be there twice, but never not at all.
        }
    }
}
