/**
 * At most what route and key allow.
 *
 * <p>{@link io.latchkey.ratelimit.RateLimits} lets a request in or refuses it: by the slots of its route and its key,
 * which each node counts for itself, and by the policies of both, which all nodes count together in Redis. Most
 * requests are let in from a lease: calls that this node took from Redis in advance and that end with their window, so
 * that all nodes together never let in more than the quota.
 *
 * <p>Redis gone: leases in hand are used up, then each node lets in its share, the quota divided by the live nodes as
 * last known. Neither open nor closed, and nothing to do when Redis is back.
 *
 * <p>Imports: {@code problems} for refusals and windows, {@code store} for Redis, {@code routes} and {@code keys} for
 * what they allow.
 */
@ApplicationModule(allowedDependencies = {"problems", "store", "routes", "keys"})
@NullMarked
package io.latchkey.ratelimit;

import org.jspecify.annotations.NullMarked;
import org.springframework.modulith.ApplicationModule;
