/**
 * A path belongs to one route; reserved prefixes to none.
 *
 * <p>{@link io.latchkey.routes.Routes} answers which route a request's path means. There is one canonical spelling of a
 * path, made once and used for matching and forwarding alike; what could be read in two ways is refused. The routes are
 * read and checked at start: a fault names its property, and all faults are shown at once.
 *
 * <p>Redis gone: nothing changes here; the table is in memory.
 *
 * <p>Imports: {@code problems} for refusals, {@code store} for refusing the start.
 */
@ApplicationModule(allowedDependencies = {"problems", "store", "audit"})
@NullMarked
package io.latchkey.routes;

import org.jspecify.annotations.NullMarked;
import org.springframework.modulith.ApplicationModule;
