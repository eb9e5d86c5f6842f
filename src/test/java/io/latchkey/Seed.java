package io.latchkey;

import java.util.Random;

/** Chance that can be had again: the seed of a run is printed, and {@code -Dtests.seed=…} sets it. */
public final class Seed {
    private static final long VALUE = Long.getLong("tests.seed", new Random().nextLong());

    static {
        System.out.println(said());
    }

    private Seed() {}

    public static Random random() {
        return new Random(VALUE);
    }

    /** How to run a test again that failed. */
    public static String said() {
        return "-Dtests.seed=" + VALUE;
    }
}
