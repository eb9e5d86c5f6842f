/**
 * A server that fails is left alone; a server that comes back is not overrun.
 *
 * <p>{@link io.latchkey.upstreams.Upstreams} says which server of a route the next try goes to, and hears from each
 * {@link io.latchkey.upstreams.Turn} what came of it. A circuit breaker for each server of each route is breaker and
 * ejection in one; active health checks steer besides; a budget keeps retries below a fifth of the requests. Connections
 * are kept warm where a route asks for it. Nothing here sends a request or repeats one.
 *
 * <p>Redis gone: nothing changes here; each node judges by what it saw itself.
 *
 * <p>Imports: {@code problems} for refusals, {@code routes} for who the servers are, {@code wire} for warm connections.
 */
@ApplicationModule(allowedDependencies = {"problems", "routes", "wire"})
@NullMarked
package io.latchkey.upstreams;

import org.jspecify.annotations.NullMarked;
import org.springframework.modulith.ApplicationModule;
