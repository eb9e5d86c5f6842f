/**
 * What was used, by whom; counted where the outcome is final.
 *
 * <p>{@link io.latchkey.usage.Usage} counts what each key did on each route, in memory, and writes it to Redis every few
 * seconds: hour by hour, each batch exactly once. It is read back as a series of hours or days.
 *
 * <p>Redis gone: it goes on counting and writes later; what does not fit into its memory is dropped and counted. A node
 * that is killed takes with it what it had not written.
 *
 * <p>Imports: {@code problems} for refusals, {@code store} for Redis and time, {@code routes} and {@code keys} for what
 * is counted.
 */
@ApplicationModule(allowedDependencies = {"problems", "store", "routes", "keys"})
@NullMarked
package io.latchkey.usage;

import org.jspecify.annotations.NullMarked;
import org.springframework.modulith.ApplicationModule;
