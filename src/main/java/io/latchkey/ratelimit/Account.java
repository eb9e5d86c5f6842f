package io.latchkey.ratelimit;

import io.latchkey.keys.KeyProfile;
import io.latchkey.ratelimit.Batch.Ask;
import io.latchkey.routes.Route;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** One caller's calls of one route: lets them in from a lease, by way of Redis, or by this node's share. */
final class Account {
    private final Terms terms;
    private final Policies policies;
    private final LimitHeaders headers;
    private final Ledger ledger;
    private final Supplier<Slots> slotBook;
    private final Batch batch = new Batch();
    private final Predicate<List<Ask>> trip = this::trip;
    private volatile Lease lease;
    private volatile Source source;
    private volatile @Nullable Slots slots;
    private @Nullable LocalShare share;

    /** From what the policies were made. */
    record Source(@Nullable KeyProfile key, @Nullable Route route) {
        private boolean saysTheSameAs(Source other) {
            return Objects.equals(key == null ? null : key.limits(), other.key == null ? null : other.key.limits())
                    && Objects.equals(
                            route == null ? null : route.admission(),
                            other.route == null ? null : other.route.admission());
        }
    }

    Account(Terms terms, Policies policies, Ledger ledger, Source source, Supplier<Slots> slotBook) {
        this.terms = terms;
        this.policies = policies;
        this.ledger = ledger;
        this.source = source;
        this.slotBook = slotBook;
        headers = new LimitHeaders(policies, terms.legacyHeaders());
        lease = Lease.none(policies.size());
    }

    Policies policies() {
        return policies;
    }

    LimitHeaders headers() {
        return headers;
    }

    /** The requests under way. */
    Slots slots() {
        Slots known = slots;
        if (known == null) {
            known = slotBook.get();
            slots = known;
        }
        return known;
    }

    /** Whether it is of one of these routes, or of the gateway's own paths. */
    boolean isOfOneOf(Set<String> routes) {
        Route route = source.route;
        return route == null || routes.contains(route.id());
    }

    /** Whether key and route still say what the policies were made from. */
    @SuppressWarnings("ReferenceEquality") // The same record says the same; looking into it is for when it is another.
    boolean isFor(@Nullable KeyProfile key, @Nullable Route route) {
        Source known = source;
        if (known.key == key && known.route == route) {
            return true;
        }
        Source now = new Source(key, route);
        if (!now.saysTheSameAs(known)) {
            return false;
        }
        source = now;
        return true;
    }

    /** One call: may it go on? */
    Verdict take() {
        Lease held = lease;
        long now = System.nanoTime();
        long left = held.take(now);
        if (left >= 0) {
            if (left == held.low()) {
                batch.ahead(trip);
            }
            return new Verdict(true, held, left);
        }
        if (held.refuses(now)) {
            return new Verdict(false, held, 0);
        }
        Verdict verdict = terms.store().isUp() ? batch.join(trip) : null;
        return verdict == null ? local() : verdict;
    }

    private boolean trip(List<Ask> asks) {
        Lease next = ledger.ask(lease, asks.size(), terms.nodes());
        if (next == null) {
            return false;
        }
        // What is in hand may be taken from here on, by others than those who waited.
        long inHand = next.left().get();
        lease = next;
        for (int i = 0; i < asks.size(); i++) {
            int after = next.granted() - 1 - i;
            asks.get(i).answer(after < 0 ? new Verdict(false, next, 0) : new Verdict(true, next, inHand + after));
        }
        return true;
    }

    private Verdict local() {
        terms.meters().degraded();
        return share(terms.nodes()).take();
    }

    private synchronized LocalShare share(int nodes) {
        LocalShare current = share;
        Lease known = lease;
        if (current == null || !current.isFor(nodes, known)) {
            current = new LocalShare(policies, nodes, known, terms.time(), current);
            share = current;
        }
        return current;
    }
}
