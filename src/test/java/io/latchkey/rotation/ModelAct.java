package io.latchkey.rotation;

import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Random;
import java.util.Set;

/** One act, its chances drawn beforehand: what they choose among is seen when it is done, so it fits any sequence. */
record ModelAct(Kind kind, int node, int key, int which, int how) {

    /** What is done, and how often among a hundred. */
    enum Kind {
        CREATE(4),
        IMPORT(3),
        ROTATE(18),
        ROTATE_ITSELF(5),
        FINISH(8),
        ROLL_BACK(10),
        EXTEND(9),
        REVOKE(2),
        DISABLE(2),
        ENABLE(3),
        CHANGE_EXPIRY(5),
        CHANGE_ADDRESSES(2),
        CHANGE_SCOPES(2),
        CHANGE_LATE(1),
        USE(10),
        WAIT(16);

        private final int weight;

        Kind(int weight) {
            this.weight = weight;
        }
    }

    private static final List<Kind> ALL = urn(EnumSet.allOf(Kind.class));
    private static final List<Kind> OF_ROTATIONS =
            urn(EnumSet.of(Kind.ROTATE, Kind.FINISH, Kind.ROLL_BACK, Kind.EXTEND, Kind.USE, Kind.WAIT));

    /** So many, of which the first makes a key; {@code quiet} does nothing but rotate that one. */
    static List<ModelAct> drawn(int count, boolean quiet, Random random) {
        List<Kind> urn = quiet ? OF_ROTATIONS : ALL;
        List<ModelAct> acts = new ArrayList<>(List.of(drawn(Kind.CREATE, random)));
        while (acts.size() < count) {
            acts.add(drawn(urn.get(random.nextInt(urn.size())), random));
        }
        return acts;
    }

    private static ModelAct drawn(Kind kind, Random random) {
        return new ModelAct(
                kind, random.nextInt(2), random.nextInt(1 << 20), random.nextInt(1 << 20), random.nextInt(1 << 20));
    }

    private static List<Kind> urn(Set<Kind> kinds) {
        return kinds.stream()
                .flatMap(kind -> Collections.nCopies(kind.weight, kind).stream())
                .toList();
    }
}
