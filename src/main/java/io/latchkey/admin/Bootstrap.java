package io.latchkey.admin;

import io.latchkey.audit.Act;
import io.latchkey.keys.Key;
import io.latchkey.keys.OperatorTokens;
import io.latchkey.store.DataDirectory;
import io.latchkey.store.StartRefused;
import io.latchkey.store.StoreReady;
import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.context.event.EventListener;
import org.springframework.core.annotation.Order;
import org.springframework.stereotype.Component;

/** The first operator's token, from the environment or, on the embedded store, made and kept in the data directory. */
@Component
class Bootstrap {
    private static final Logger log = LoggerFactory.getLogger(Bootstrap.class);
    private static final Duration OVERLAP = Duration.ofHours(24);
    private static final String FILE = "admin-token";

    private final OperatorTokens tokens;
    private final String token;
    private final boolean made;

    Bootstrap(AdminProperties properties, DataDirectory data, OperatorTokens tokens) {
        this.tokens = tokens;
        String configured = properties.adminToken();
        if (configured.isEmpty() && !data.isEmbedded()) {
            throw new StartRefused(
                    "ADMIN_TOKEN is not set",
                    "Set ADMIN_TOKEN to a random string of 16 or more characters; it opens the admin API.");
        }
        made = configured.isEmpty() && data.read(FILE).isEmpty();
        token = configured.isEmpty() ? data.readOrCreate(FILE, tokens::make) : configured;
        OperatorTokens.requireUsable(token, configured.isEmpty() ? data.location() + "/" + FILE : "ADMIN_TOKEN");
    }

    /** Whether this start made the token, so that it has to be shown. */
    boolean isMade() {
        return made;
    }

    String token() {
        return token;
    }

    @EventListener
    @Order(50)
    void ensure(StoreReady ready) {
        Key key = tokens.ensure(token, Role.ADMIN.wireName(), OVERLAP, Act.ofGateway("token.bootstrap"));
        log.debug("the bootstrap admin token is {}", key.id());
    }
}
