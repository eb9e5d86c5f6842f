/**
 * A stored answer is as good as a fresh one, or it is not served.
 *
 * <p>{@link io.latchkey.cache.ResponseCache} answers for the upstream what RFC 9111 allows a shared cache to answer, out
 * of a small memory of this node and a Redis; what one key was answered another key gets only when the route and the
 * answer both say so. It also stands in for an upstream that fails: with an older answer where that is allowed, or with
 * the route's fallback. Only what the upstream said is stored, never what the gateway added.
 *
 * <p>Redis gone: nothing is found and nothing fails. Each node goes on with what it was answered itself within the last
 * seconds ({@code latchkey.cache.near-ttl}); a purge is refused with 503.
 *
 * <p>Imports: {@code problems} for refusals, {@code store} for Redis and time, {@code audit} for purges, {@code routes}
 * for what may be kept, {@code keys} for whose it is.
 */
@ApplicationModule(allowedDependencies = {"problems", "store", "audit", "routes", "keys"})
@NullMarked
package io.latchkey.cache;

import org.jspecify.annotations.NullMarked;
import org.springframework.modulith.ApplicationModule;
