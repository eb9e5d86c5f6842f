package io.latchkey.ratelimit;

import static org.assertj.core.api.Assertions.assertThat;

import io.latchkey.Gateway;
import io.latchkey.problems.Window;
import io.latchkey.store.Redis;
import io.latchkey.store.Script;
import io.lettuce.core.ScriptOutputType;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Redis and the nodes agree on when a window ends. */
class CalendarTest {
    private static final Script ENDS = Script.of(CalendarTest.class, "calendar.lua", "window-ends.lua");

    @Test
    void redisKnowsTheCalendar() {
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        List<Instant> moments = new ArrayList<>(List.of(
                Instant.parse("2028-02-29T23:59:59.999Z"),
                Instant.parse("2100-02-28T23:59:59.999Z"),
                Instant.parse("2026-12-31T23:59:59.999Z"),
                Instant.parse("2027-01-01T00:00:00Z")));
        long latest = Instant.parse("2199-12-31T00:00:00Z").toEpochMilli();
        for (int i = 0; i < 500; i++) {
            moments.add(Instant.ofEpochMilli(random.nextLong(latest)));
        }
        for (String text : List.of("P1D", "P1M", "PT1M", "P7D")) {
            Window window = Objects.requireNonNull(Window.parse(text));
            List<String> arguments = new ArrayList<>();
            arguments.add(new Policy("x", "x", 1, window, false, false).windowArgument());
            moments.forEach(moment -> arguments.add(Long.toString(moment.toEpochMilli())));
            List<Long> ends =
                    Gateway.shared().bean(Redis.class).onAdmin(ENDS, ScriptOutputType.MULTI, List.of(), arguments);
            assertThat(ends)
                    .as("%s, seed %d", text, seed)
                    .isEqualTo(moments.stream()
                            .map(moment -> window.end(moment).toEpochMilli())
                            .toList());
        }
    }

    @Test
    void monthIsTheCalendarsAndSevenDaysAreSevenDays() {
        Instant now = Instant.parse("2027-01-31T12:00:00Z");
        assertThat(Objects.requireNonNull(Window.parse("P1M")).end(now))
                .isEqualTo(now.atZone(ZoneOffset.UTC)
                        .toLocalDate()
                        .plusDays(1)
                        .atStartOfDay(ZoneOffset.UTC)
                        .toInstant());
        assertThat(Objects.requireNonNull(Window.parse("P7D")).end(now)).isEqualTo(now.plus(Duration.ofDays(7)));
    }
}
