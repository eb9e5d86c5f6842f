package io.latchkey.usage;

import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;

/**
 * What is counted together.
 *
 * @param hour hours since 1970
 * @param keyId {@code _public} for callers without a key
 * @param owner empty when the key has none
 */
record Cell(long hour, String keyId, String owner, String route) {
    static final String PUBLIC = "_public";

    private static final long MILLIS = 3_600_000;
    private static final DateTimeFormatter DAY = DateTimeFormatter.BASIC_ISO_DATE.withZone(ZoneOffset.UTC);

    static long hourOf(long millis) {
        return Math.floorDiv(millis, MILLIS);
    }

    /** Such as {@code 20261127}. */
    static String dayOf(long hour) {
        // The format of an instant of UTC ends with a Z.
        return DAY.format(Instant.ofEpochMilli(hour * MILLIS)).substring(0, 8);
    }

    /** Days since 1970. */
    static long dayAt(long millis) {
        return Math.floorDiv(hourOf(millis), 24L);
    }

    String day() {
        return dayOf(hour);
    }

    long dayNumber() {
        return Math.floorDiv(hour, 24L);
    }

    /** The name of its field in the hash of its day. */
    String field() {
        return Math.floorMod(hour, 24L) + " " + route;
    }
}
