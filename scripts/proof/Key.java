import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

/** One key, its secrets, and how many acts on it were acknowledged; one act at a time. */
final class Key {
    final String id;
    final List<Secret> secrets = new CopyOnWriteArrayList<>();
    final AtomicBoolean busy = new AtomicBoolean();
    final AtomicInteger acknowledged = new AtomicInteger();
    /** An act was not answered, so nobody knows what holds. */
    volatile boolean unknown;
    volatile boolean revoked;
    volatile Secret current;
    /** Not used yet, so that the current one goes on. */
    volatile Secret pending;

    Key(String id) {
        this.id = id;
    }
}
