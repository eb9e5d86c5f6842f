/**
 * The one door to Redis: which server, is it there, how long a command may take.
 *
 * <p>Rule: everybody talks to Redis through {@link io.latchkey.store.Redis}, which gives every command a deadline and
 * never sends one twice; time comes from the one {@link java.time.InstantSource} here.
 *
 * <p>Redis gone: the application starts and runs on; commands on a request's path fail within {@code request-timeout},
 * then at once, as {@link io.latchkey.store.StoreUnavailable}; a probe finds Redis again without help. Whether to
 * answer from memory or to refuse is the caller's decision.
 *
 * <p>May import {@code problems} and nothing else of ours.
 */
@ApplicationModule(allowedDependencies = {"problems"})
@NullMarked
package io.latchkey.store;

import org.jspecify.annotations.NullMarked;
import org.springframework.modulith.ApplicationModule;
