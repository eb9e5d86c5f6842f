package io.latchkey.ratelimit;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.latchkey.keys.Caller;
import io.latchkey.keys.CidrBlock;
import io.latchkey.keys.KeyProfile;
import io.latchkey.routes.Route;
import io.latchkey.routes.RouteMatch;
import jakarta.servlet.http.HttpServletRequest;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/** The accounts of all who called this node lately: of keys, and of addresses on public routes. */
@Component
class Accounts {
    private final Terms terms;
    private final Cache<String, Subject> keys;
    private final Cache<String, Subject> addresses;

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
        private final Slots slots = new Slots();
        private final ConcurrentHashMap<String, Account> byRoute = new ConcurrentHashMap<>(2);

        Subject(String name) {
            this.name = name;
        }

        /** All requests under way, on whatever route; counted for keys that are bounded. */
        Slots slots() {
            return slots;
        }
    }

    Subject subject(Caller caller, HttpServletRequest request) {
        String keyId = caller.keyId();
        return keyId == null
                ? addresses.get(CidrBlock.callersNetwork(request.getRemoteAddr()), name -> new Subject("ip:" + name))
                : keys.get(keyId, Subject::new);
    }

    Account account(Subject subject, RouteMatch match, @Nullable KeyProfile key) {
        Route route = match.proxied();
        Account account = subject.byRoute.get(match.label());
        if (account != null && account.isFor(key, route)) {
            return account;
        }
        return subject.byRoute.compute(
                match.label(),
                (label, held) -> held != null && held.isFor(key, route) ? held : open(subject, match, key, held));
    }

    /** Who is under way stays under way when the policies change; leases taken under the old ones are given up. */
    private Account open(Subject subject, RouteMatch match, @Nullable KeyProfile key, @Nullable Account before) {
        Policies policies = Policies.of(match, key, terms.properties());
        Ledger ledger = new Ledger(terms, subject.name, match.label(), policies);
        Slots slots = before == null ? new Slots() : before.slots();
        return new Account(terms, policies, ledger, slots, new Account.Source(key, match.proxied()));
    }
}
