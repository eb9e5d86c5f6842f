package io.latchkey.keys;

import io.latchkey.keys.KeyChanges.Reached;
import java.time.Duration;
import org.springframework.stereotype.Component;

/** Makes every live node write the evidence that it still holds in memory. */
@Component
public class EvidenceCall {
    private static final Duration PATIENCE = Duration.ofSeconds(2);

    private final ChangeFeed feed;
    private final KeyChanges changes;

    EvidenceCall(ChangeFeed feed, KeyChanges changes) {
        this.feed = feed;
        this.changes = changes;
    }

    /** Who answered: evidence is complete only when all did. */
    public Reached call() {
        return changes.await(feed.signalFlush(/* all= */ false), PATIENCE);
    }

    /** The same for all else that nodes hold, such as usage. */
    Reached callForAll() {
        return changes.await(feed.signalFlush(/* all= */ true), PATIENCE);
    }
}
