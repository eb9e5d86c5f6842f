package io.latchkey.rotation;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.latchkey.keys.Key;
import io.latchkey.keys.Secret;
import io.latchkey.keys.Secret.Standing;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * One replacement of a key's secret, as it is stored beside the key.
 *
 * @param formerEnd when the old secret would have stopped without this rotation; null = with the key
 * @param outcome how it ended, where secrets alone do not tell; null = they do
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
record Rotation(
        String id,
        String oldSecret,
        String newSecret,
        Duration overlap,
        Activation activation,
        Instant createdAt,
        String createdBy,
        @Nullable Instant formerEnd,
        @Nullable Outcome outcome) {

    /** When the old secret's clock starts. */
    enum Activation {
        NOW("now"),
        FIRST_USE("first-use");

        private final String wireName;

        Activation(String wireName) {
            this.wireName = wireName;
        }

        @com.fasterxml.jackson.annotation.JsonValue
        String wireName() {
            return wireName;
        }
    }

    /** What an operator did with it, or that the next one found its new secret unused. */
    enum Outcome {
        FINISHED,
        ROLLED_BACK,
        LAPSED
    }

    /** What it is at a moment. */
    enum State {
        PENDING("pending"),
        OVERLAPPING("overlapping"),
        COMPLETED("completed"),
        CANCELLED("cancelled"),
        ROLLED_BACK("rolled-back");

        private final String wireName;

        State(String wireName) {
            this.wireName = wireName;
        }

        @com.fasterxml.jackson.annotation.JsonValue
        String wireName() {
            return wireName;
        }
    }

    State state(Key key, Instant now) {
        if (outcome == Outcome.ROLLED_BACK) {
            return State.ROLLED_BACK;
        }
        if (outcome == Outcome.LAPSED) {
            return State.CANCELLED;
        }
        Optional<Secret> fresh = key.secret(newSecret);
        if (fresh.isPresent() && fresh.get().is(Standing.PENDING)) {
            return key.usable(fresh.get(), now) ? State.PENDING : State.CANCELLED;
        }
        Optional<Secret> old = key.secret(oldSecret);
        if (old.isPresent() && old.get().is(Standing.ACTIVE)) {
            // The new secret never took its place, and was forgotten before anybody wrote down why.
            return State.CANCELLED;
        }
        return old.isPresent() && key.usable(old.get(), now) ? State.OVERLAPPING : State.COMPLETED;
    }

    Rotation ended(Outcome how) {
        return new Rotation(id, oldSecret, newSecret, overlap, activation, createdAt, createdBy, formerEnd, how);
    }
}
