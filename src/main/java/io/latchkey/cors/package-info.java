/**
 * Which page may read an answer is said by the gateway or by the upstream, never by both.
 *
 * <p>{@link io.latchkey.cors.Cors} comes before everything else of the walk: a browser asks without a key whether a page
 * may send one, and what the page is refused it must be able to read. Where a route says who may, the upstream's own word
 * is dropped; where it does not, the upstream's passes as any other header. It is no check of who calls: only browsers
 * ask.
 *
 * <p>Redis gone: nothing changes here.
 *
 * <p>Imports: {@code problems} for refusals, {@code routes} for what a route says.
 */
@ApplicationModule(allowedDependencies = {"problems", "routes"})
@NullMarked
package io.latchkey.cors;

import org.jspecify.annotations.NullMarked;
import org.springframework.modulith.ApplicationModule;
