/**
 * No key, no caller.
 *
 * <p>{@link io.latchkey.keys.Keys} checks what a caller presents and changes what is stored. A cached key may only say
 * yes; a change reaches every node by an ordered stream, a poll of the epoch each second and a time to live of 5 s.
 * Redis gone: secrets that Redis confirmed within the grace keep working with known deadlines and revocations applied,
 * everything else is 503, never 401; nothing can be changed.
 */
@ApplicationModule(allowedDependencies = {"problems", "store", "audit"})
@NullMarked
package io.latchkey.keys;

import org.jspecify.annotations.NullMarked;
import org.springframework.modulith.ApplicationModule;
