/**
 * Who comes in is served; who could not be is told at the door.
 *
 * <p>{@link io.latchkey.overload.Turnstile} starts the threads that callers need, no faster than they get to run.
 * {@link io.latchkey.overload.Entrance} stands before everything else of the walk. It bounds how many requests are
 * inside, for virtual threads have no bound of their own; a short crowd waits in order rather than being sent away. And
 * it refuses a share of the requests while threads wait too long for a processor, before latency collapses for all. A
 * slow upstream is the business of its route's own bound.
 *
 * <p>Redis gone: nothing changes here.
 *
 * <p>Imports: {@code problems} for refusals.
 */
@ApplicationModule(allowedDependencies = "problems")
@NullMarked
package io.latchkey.overload;

import org.jspecify.annotations.NullMarked;
import org.springframework.modulith.ApplicationModule;
