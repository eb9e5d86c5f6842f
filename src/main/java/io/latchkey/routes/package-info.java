/**
 * A path belongs to one route; reserved prefixes to none.
 *
 * <p>{@link io.latchkey.routes.Routes} answers which route a request's path means. There is one canonical spelling of a
 * path, made once and used for matching and forwarding alike; what could be read in two ways is refused. The routes are
 * read and checked at start, when their file changes, and when an operator says so: all of them or none. A fault names
 * its property, and all faults are shown at once. {@link io.latchkey.routes.RoutesChanged} tells others of new ones.
 *
 * <p>Redis gone: the table is in memory and a changed file takes effect; its audit entry follows when the store is back.
 * A reload by an operator is refused.
 *
 * <p>Imports: {@code problems} for refusals, {@code store} for refusing the start, {@code audit} for reloads.
 */
@ApplicationModule(allowedDependencies = {"problems", "store", "audit"})
@NullMarked
package io.latchkey.routes;

import org.jspecify.annotations.NullMarked;
import org.springframework.modulith.ApplicationModule;
