/**
 * One record per request, made when the outcome is known.
 *
 * <p>{@link io.latchkey.observability.FrontDoor} decides how Jetty reads; {@link io.latchkey.observability.TrailFilter}
 * is the first filter and lets nothing thrown inside reach the container;
 * {@link io.latchkey.observability.AccessLog} closes every {@link io.latchkey.observability.Trail}, also of what
 * {@link io.latchkey.observability.ContainerErrors} refused before any filter. Other packages see the trail only.
 *
 * <p>Redis gone: nothing changes here; liveness stays up, so that no node is restarted for it.
 *
 * <p>Imports problems for the wording, keys for {@link io.latchkey.keys.CidrBlock}, routes for the route's labels,
 * overload for the turnstile that callers pass.
 */
@ApplicationModule(allowedDependencies = {"problems", "routes", "keys", "overload"})
@NullMarked
package io.latchkey.observability;

import org.jspecify.annotations.NullMarked;
import org.springframework.modulith.ApplicationModule;
