/**
 * Bytes pass unchanged; retry only what never left us.
 *
 * <p>{@link io.latchkey.proxy.Proxy} streams one request to one upstream and the answer back. What belongs to a
 * connection stays on it, what only the gateway may say is said by the gateway, and what fails after the answer began
 * cuts the caller's connection, so that half an answer never looks whole. Nothing is retried yet.
 *
 * <p>Redis gone: nothing changes here; a request that got this far has been let through.
 *
 * <p>Imports: {@code problems} for refusals, {@code routes} for where to, {@code keys} for whose.
 */
@ApplicationModule(allowedDependencies = {"problems", "routes", "keys"})
@NullMarked
package io.latchkey.proxy;

import org.jspecify.annotations.NullMarked;
import org.springframework.modulith.ApplicationModule;
