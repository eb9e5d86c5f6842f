package io.latchkey.ratelimit;

import static org.assertj.core.api.Assertions.assertThat;

import io.latchkey.FakeTime;
import io.latchkey.problems.Window;
import io.latchkey.ratelimit.Lease.Count;
import io.latchkey.routes.RouteMatch;
import io.latchkey.routes.TestRoutes;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.springframework.mock.web.MockHttpServletResponse;

/** The sums of the limits, on values alone; {@link LimitsTest} sees them through the door. */
class ArithmeticTest {
    private static final RateLimitProperties PROPERTIES =
            new RateLimitProperties(false, 100_000, Duration.ofMinutes(1), 10, Duration.ofSeconds(10), false, 100);

    private static Policies policies(String fields) {
        var route = TestRoutes.route("r", "upstreams: [ \"http://h:1\" ], " + fields);
        return Policies.of(new RouteMatch("/api/r", null, "r", "/api/r/**", route, false), null, PROPERTIES);
    }

    private static Verdict verdict(long left, Count... counts) {
        return new Verdict(true, new Lease(new AtomicLong(), -1, 0, 0, List.of(counts), 0, false), left);
    }

    @Test
    void aLeaseGivesWhatItHoldsUntilItsWindowEnds() {
        Lease lease = new Lease(new AtomicLong(2), 1, 100, 0, List.of(), 50, true);
        assertThat(lease.take(99)).isEqualTo(1);
        assertThat(lease.take(100)).isNegative();
        assertThat(lease.take(99)).isZero();
        assertThat(lease.take(99)).isNegative();
        assertThat(lease.left().get()).isZero();
        assertThat(lease.isOver(99)).isFalse();
        assertThat(lease.isOver(100)).isTrue();
        assertThat(lease.refuses(49)).isTrue();
        assertThat(lease.refuses(50)).isFalse();
        assertThat(new Lease(new AtomicLong(), 1, 100, 0, List.of(), 50, false).refuses(49))
                .isFalse();
        lease.left().set(3);
        assertThat(lease.takeAll()).isEqualTo(3);
        assertThat(lease.takeAll()).isZero();
        lease.left().set(-1);
        assertThat(lease.takeAll()).isZero();
        assertThat(Lease.none(3).counts()).hasSize(3);
    }

    @Test
    void aSliceGrowsWhileItIsUsedUpQuicklyAndShrinksWhileItLiesAbout() {
        Slice slice = new Slice(100_000);
        long now = System.nanoTime();
        assertThat(slice.next(now, 1)).isEqualTo(100);
        assertThat(slice.next(now += 99_999_999, 1)).isEqualTo(200);
        assertThat(slice.next(now += 100_000_000, 1)).isEqualTo(200);
        assertThat(slice.next(now += 1_000_000_000, 1)).isEqualTo(200);
        assertThat(slice.next(now += 1_000_000_001, 1)).isEqualTo(100);
        assertThat(slice.next(now += 1_000_000_001, 1)).isEqualTo(100);
        assertThat(slice.next(now, 4)).isEqualTo(200);
        for (int i = 0; i < 10; i++) {
            slice.next(now, 1);
        }
        assertThat(slice.next(now, 1)).isEqualTo(5_000);
        assertThat(slice.next(now, 2)).isEqualTo(2_500);
        assertThat(new Slice(1).next(now, 3)).isEqualTo(1);
    }

    @Test
    void whatOthersMayStillTakeCountsAsRemaining() {
        Verdict verdict = verdict(2, new Count(3, 1_000, 0), new Count(-20, 500, 0));
        assertThat(verdict.remaining(0, 5)).isEqualTo(13);
        assertThat(verdict.remaining(1, 5)).isZero();
        assertThat(verdict.reset(0, 400)).isEqualTo(Duration.ofNanos(600));
        assertThat(verdict.reset(1, 501)).isZero();
    }

    @Test
    void thePoliciesThatHaveNotEnoughForACallAreNamedAndTheLongestIsWaitedFor() {
        Policies policies = policies("cost: 5, limits: [ { name: a, quota: 9, window: PT1S },"
                + " { name: b, quota: 9, window: PT1S }, { name: c, quota: 9, window: PT1S },"
                + " { name: d, quota: 9, window: PT1S, shadow: true } ]");
        Verdict verdict =
                verdict(0, new Count(4, 900, 0), new Count(5, 5_000, 0), new Count(0, 300, 0), new Count(0, 9_000, 0));
        assertThat(verdict.violated(policies)).extracting(Policy::name).containsExactly("a", "c");
        assertThat(verdict.wait(policies, 100)).isEqualTo(Duration.ofNanos(800));
        assertThat(verdict(0, new Count(9, 9, 0), new Count(9, 9, 0), new Count(9, 9, 0))
                        .wait(policies, 0))
                .isZero();
    }

    @Test
    void shadowsComeLastAndAreNotEnoughAlone() {
        Policies policies = policies("limits: [ { name: s, quota: 700, window: PT1S, shadow: true },"
                + " { name: a, quota: 900, window: PT1S } ]");
        assertThat(policies.all()).extracting(Policy::name).containsExactly("a", "s");
        assertThat(policies.enforced()).isEqualTo(1);
        assertThat(policies.calls()).isEqualTo(700);
        assertThat(policies.exactOver(7)).isFalse();
        assertThat(policies.exactOver(8)).isTrue();
        assertThat(policies("limits: [ { name: s, quota: 9, window: PT1S, shadow: true } ]")
                        .all())
                .extracting(Policy::name, Policy::quota)
                .containsExactly(
                        org.assertj.core.groups.Tuple.tuple("address", 10L),
                        org.assertj.core.groups.Tuple.tuple("s", 9L));
        assertThat(policies("cost: 3, limits: [ { name: a, quota: 1000, window: PT1S, accuracy: exact } ]"))
                .matches(exact -> exact.exactOver(1) && exact.calls() == 333 && exact.cost() == 3);
    }

    @Test
    void aCallerIsToldItsLimitsInSecondsRoundedUp() {
        Policies policies =
                policies("limits: [ { name: a, quota: 9, window: PT1S }, { name: m, quota: 5, window: P1M },"
                        + " { name: s, quota: 1, window: PT1S, shadow: true } ]");
        MockHttpServletResponse response = new MockHttpServletResponse();
        LimitHeaders headers = new LimitHeaders(policies, true);
        headers.writePolicies(response);
        long now = System.nanoTime();
        long end = now + Duration.ofHours(1).toNanos();
        headers.write(verdict(1, new Count(3, end, 0), new Count(2, now, 0), new Count(0, now, 0)), response);
        assertThat(response.getHeader("RateLimit-Policy")).isEqualTo("\"a\";q=9;w=1, \"m\";q=5");
        assertThat(response.getHeader("RateLimit")).isEqualTo("\"a\";r=4;t=3600, \"m\";r=3;t=0");
        assertThat(response.getHeader("X-RateLimit-Limit")).isEqualTo("5");
        assertThat(response.getHeader("X-RateLimit-Remaining")).isEqualTo("3");
        assertThat(response.getHeader("X-RateLimit-Reset")).isEqualTo("0");
        MockHttpServletResponse other = new MockHttpServletResponse();
        new LimitHeaders(policies, false)
                .write(verdict(0, new Count(3, end, 0), new Count(3, now, 0), new Count(0, now, 0)), other);
        assertThat(other.getHeader("X-RateLimit-Limit")).isNull();
        headers.write(verdict(0, new Count(3, end, 0), new Count(3, now, 0), new Count(0, now, 0)), other);
        assertThat(other.getHeader("X-RateLimit-Limit")).isEqualTo("9");
    }

    @Test
    void slotsAreAsManyAsAllowed() {
        Slots slots = new Slots();
        assertThat(slots.take(2)).isTrue();
        assertThat(slots.take(2)).isTrue();
        assertThat(slots.take(2)).isFalse();
        slots.giveBack();
        assertThat(slots.take(2)).isTrue();
        assertThat(slots.take(0)).isFalse();
    }

    @Test
    void aNodeAloneLetsInItsPartAndNoMoreHoweverOftenItIsAlone() {
        Policies policies = policies("limits: [ { name: a, quota: 9, window: PT60S } ]");
        FakeTime time = new FakeTime();
        Lease nothing = Lease.none(1);
        LocalShare share = new LocalShare(policies, 3, nothing, time, null);
        assertThat(share.isFor(3, nothing)).isTrue();
        assertThat(share.isFor(2, nothing)).isFalse();
        assertThat(share.isFor(3, Lease.none(1))).isFalse();
        assertThat(share.take().remaining(0, 1)).isEqualTo(2);
        time.advance(Duration.ofSeconds(20));
        LocalShare again = new LocalShare(policies, 3, nothing, time, share);
        assertThat(again.take().passed()).isTrue();
        Verdict last = again.take();
        assertThat(last.passed()).isTrue();
        assertThat(last.reset(0, System.nanoTime())).isBetween(Duration.ofSeconds(39), Duration.ofSeconds(40));
        assertThat(again.take().passed()).isFalse();
        time.advance(Duration.ofSeconds(40));
        assertThat(again.take().remaining(0, 1)).isEqualTo(2);
        time.advance(Duration.ofSeconds(70));
        assertThat(again.take().reset(0, System.nanoTime())).isBetween(Duration.ofSeconds(49), Duration.ofSeconds(50));
    }

    @Test
    void whatRedisSaidWasUsedUpStaysUsedUpUntilItsWindowEnds() {
        Policies policies = policies("limits: [ { name: a, quota: 9, window: PT60S } ]");
        FakeTime time = new FakeTime();
        long end = System.nanoTime() + Duration.ofHours(1).toNanos();
        Lease known = new Lease(new AtomicLong(), -1, 0, 0, List.of(new Count(1, end, 7)), 0, false);
        LocalShare share = new LocalShare(policies, 1, known, time, null);
        assertThat(share.take().passed()).isTrue();
        Verdict refused = share.take();
        assertThat(refused.passed()).isFalse();
        assertThat(refused.reset(0, System.nanoTime())).isBetween(Duration.ofMinutes(59), Duration.ofMinutes(60));
        // This node let in one of them; the others are none that it has to answer for.
        assertThat(new LocalShare(policies, 1, Lease.none(1), time, share)
                        .take()
                        .remaining(0, 1))
                .isEqualTo(7);
        Lease past = new Lease(new AtomicLong(), -1, 0, 0, List.of(new Count(1, System.nanoTime(), 7)), 0, false);
        assertThat(new LocalShare(policies, 1, past, time, null).take().remaining(0, 1))
                .isEqualTo(8);
    }

    @Test
    void aShareIsNeverLessThanACallNorMoreThanABucketCounts() {
        FakeTime time = new FakeTime();
        Policies dear = policies("cost: 5, limits: [ { name: a, quota: 9, window: PT60S } ]");
        LocalShare share = new LocalShare(dear, 100, Lease.none(1), time, null);
        assertThat(share.take().passed()).isTrue();
        assertThat(share.take().passed()).isFalse();
        Window second = Objects.requireNonNull(Window.parse("PT1S"));
        Policy huge = new Policy("a", "r", 1_000_000_000_000L, second, false, false);
        Policies most = new Policies(List.of(huge), 1, 1, false, huge.quota());
        assertThat(new LocalShare(most, 1, Lease.none(1), time, null).take().remaining(0, 1))
                .isEqualTo(999_999_999);
    }
}
