package io.latchkey.ratelimit;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.latchkey.keys.Caller;
import io.latchkey.keys.CidrBlock;
import io.latchkey.keys.KeyProfile;
import io.latchkey.routes.Route;
import io.latchkey.routes.RouteMatch;
import jakarta.servlet.http.HttpServletRequest;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/** The accounts of all who called this node lately: of keys, and of addresses on public routes. */
@Component
class Accounts {
    private final Terms terms;
    private final Cache<String, Subject> keys;
    private final Cache<String, Subject> addresses;
    private final SlotBook slots = new SlotBook();

    Accounts(Terms terms) {
        this.terms = terms;
        // Apart, so that strangers do not drive out what is known of keys.
        keys = cache();
        addresses = cache();
    }

    private Cache<String, Subject> cache() {
        return Caffeine.newBuilder().maximumSize(terms.properties().cacheSize()).build();
    }

    /** Who calls: a key or an address. */
    static final class Subject {
        private final String name;
        private final SlotBook book;
        private final ConcurrentHashMap<String, Account> byRoute = new ConcurrentHashMap<>(2);
        private volatile @Nullable Slots slots;

        Subject(String name, SlotBook book) {
            this.name = name;
            this.book = book;
        }

        /** All requests under way, on whatever route; counted for keys that are bounded. */
        Slots slots() {
            Slots known = slots;
            if (known == null) {
                known = book.of(name);
                slots = known;
            }
            return known;
        }
    }

    Subject subject(Caller caller, HttpServletRequest request) {
        String keyId = caller.keyId();
        return keyId == null
                ? addresses.get(
                        CidrBlock.callersNetwork(request.getRemoteAddr()), name -> new Subject("ip:" + name, slots))
                : keys.get(keyId, name -> new Subject(name, slots));
    }

    Account account(Subject subject, RouteMatch match, @Nullable KeyProfile key) {
        Route route = match.proxied();
        Account account = subject.byRoute.get(match.label());
        if (account != null && account.isFor(key, route)) {
            return account;
        }
        return subject.byRoute.compute(
                match.label(),
                (label, held) -> held != null && held.isFor(key, route) ? held : open(subject, match, key));
    }

    /** Leases taken under other policies are given up. */
    private Account open(Subject subject, RouteMatch match, @Nullable KeyProfile key) {
        Policies policies = Policies.of(match, key, terms.properties());
        Ledger ledger = new Ledger(terms, subject.name, match.label(), policies);
        return new Account(
                terms,
                policies,
                ledger,
                new Account.Source(key, match.proxied()),
                () -> subject.book.of(subject.name + ' ' + match.label()));
    }

    /** Forgets what was known of other routes than these. */
    void keepOnly(Set<String> routes) {
        for (Cache<String, Subject> each : List.of(keys, addresses)) {
            each.asMap()
                    .values()
                    .forEach(subject -> subject.byRoute.values().removeIf(account -> !account.isOfOneOf(routes)));
        }
    }
}
