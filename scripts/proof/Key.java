import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;

/** One key and its secrets; one act on it at a time. */
final class Key {
    final String id;
    final List<Secret> secrets = new CopyOnWriteArrayList<>();
    final AtomicBoolean busy = new AtomicBoolean();
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
