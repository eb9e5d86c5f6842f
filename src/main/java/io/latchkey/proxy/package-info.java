/**
 * Bytes pass unchanged; retry only what never left us.
 *
 * <p>{@link io.latchkey.proxy.Proxy} streams one request to one upstream and the answer back. What belongs to a
 * connection stays on it, what only the gateway may say is said by the gateway, and what fails after the answer began
 * cuts the caller's connection, so that half an answer never looks whole. What never left, or may be repeated, is tried
 * again within the route's budget.
 *
 * <p>Redis gone: nothing changes here; a request that got this far has been let through.
 *
 * <p>Imports: {@code problems} for refusals, {@code routes} for where to, {@code keys} for whose, {@code ratelimit} for
 * the proof that it was let in, {@code upstreams} for which server, {@code wire} for the connection to it.
 */
@ApplicationModule(allowedDependencies = {"problems", "routes", "keys", "ratelimit", "upstreams", "wire"})
@NullMarked
package io.latchkey.proxy;

import org.jspecify.annotations.NullMarked;
import org.springframework.modulith.ApplicationModule;
