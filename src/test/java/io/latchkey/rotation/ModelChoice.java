package io.latchkey.rotation;

import io.latchkey.rotation.KeyModel.ApiKey;
import io.latchkey.rotation.KeyModel.Rotation;
import io.latchkey.rotation.KeyModel.Token;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** What the chances of an act choose among, at the moment when it is done: above all what lies close to a limit. */
final class ModelChoice {
    private static final Duration TICK = Duration.ofMillis(1);
    private static final List<Duration> OVERLAPS = Stream.of(
                    "PT0S", "PT0.001S", "PT1S", "PT10M", "PT24H", "P7D", "P8D", "P30D", "P30D", "P30DT0.001S", "-PT1S")
            .map(Duration::parse)
            .toList();
    private static final List<Duration> WAITS = Stream.of("PT0.001S", "PT1S", "PT10M", "PT10M0.001S", "P1D", "P7D")
            .map(Duration::parse)
            .toList();

    private static final List<Duration> LONGER =
            Stream.of("PT0.001S", "PT1S", "PT1H").map(Duration::parse).toList();

    private final KeyModel model;
    private final ModelLook look;

    /** Tokens that callers made themselves. */
    private final List<String> own;

    ModelChoice(KeyModel model, ModelLook look) {
        this.model = model;
        this.look = look;
        String mine = UUID.randomUUID().toString();
        own = List.of("first-" + mine, "second-" + mine, "third-" + mine);
        own.forEach(look::know);
    }

    /** Null for one that does not exist. */
    @Nullable
    ApiKey key(ModelAct act) {
        return model.keys.isEmpty() || act.key() % 24 == 0 ? null : pick(model.keys, act.key());
    }

    /** Mostly one that is going on; null for one that does not exist. */
    @Nullable
    Rotation rotation(ModelAct act) {
        List<Rotation> all =
                model.keys.stream().flatMap(key -> key.rotations.stream()).toList();
        List<Rotation> goingOn = all.stream().filter(model::isGoingOn).toList();
        if (all.isEmpty() || act.key() % 24 == 0) {
            return null;
        }
        return goingOn.isEmpty() || act.key() % 4 == 0 ? pick(all, act.which()) : pick(goingOn, act.which());
    }

    /** Mostly one that some key has, and of these one that is being rotated. */
    String text(ModelAct act) {
        List<Token> issued =
                model.keys.stream().flatMap(key -> key.held.stream()).toList();
        List<Token> rotating = issued.stream().filter(model::isBeingRotated).toList();
        if (issued.isEmpty() || act.how() % 8 == 0) {
            return anyText(act);
        }
        return pick(rotating.isEmpty() || act.how() % 4 == 0 ? issued : rotating, act.which()).text;
    }

    String own(ModelAct act) {
        return pick(own, act.key());
    }

    /** When a key or a token shall end: never, at once, soon, late, or together with another. */
    @Nullable
    Instant end(ModelAct act) {
        List<Instant> moments = model.moments();
        return switch (act.how() % 16) {
            case 0 -> model.now;
            case 1 -> model.now.plus(TICK);
            case 2 -> model.now.plusSeconds(1);
            case 3 -> model.now.plus(Duration.ofHours(1));
            case 4 -> model.now.plus(Duration.ofDays(8));
            case 5 -> model.now.plus(Duration.ofDays(40));
            case 6 -> moments.isEmpty() ? null : pick(moments, act.how() / 16);
            default -> null;
        };
    }

    String anyText(ModelAct act) {
        return pick(look.texts(), act.which());
    }

    Duration overlap(ModelAct act) {
        return pick(OVERLAPS, act.how());
    }

    /** Until when an overlap shall be extended: somewhat, or to about where that may not go. */
    Instant until(ModelAct act) {
        Rotation rotation = rotation(act);
        Stream<@Nullable Instant> ends = rotation == null
                ? Stream.of(model.now)
                : Stream.of(
                        model.end(rotation.old),
                        rotation.formerEnd,
                        rotation.old.key.expires,
                        model.now.plus(KeyRules.OVERLAP_MAX));
        List<Instant> close = ends.filter(Objects::nonNull).toList();
        return act.how() % 2 == 0
                ? close.getFirst().plus(pick(LONGER, act.how() / 2))
                : pick(close, act.how() / 2).plusMillis(act.how() / 64 % 3 - 1);
    }

    /** A while, or until something is about to happen, happens, or has just happened. */
    Duration step(ModelAct act) {
        List<Instant> moments = model.moments();
        if (act.how() % 4 > 0 && !moments.isEmpty()) {
            // Later moments more seldom, or all deadlines would soon be over.
            Instant moment = moments.get(act.which() % Math.min(3, moments.size()));
            return Duration.between(model.now, moment).plusMillis(act.how() / 4 % 3 - 1);
        } else if (act.how() % 32 == 0 && !moments.isEmpty()) {
            return Duration.between(model.now, moments.getLast()).plus(TICK);
        }
        return pick(WAITS, act.which());
    }

    private static <T> T pick(List<T> all, int chance) {
        return all.get(chance % all.size());
    }
}
