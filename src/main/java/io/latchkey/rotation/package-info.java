/**
 * A new secret works everywhere before the old one stops anywhere.
 *
 * <p>A rotation is seen, not driven: its state follows from the key's secrets and the time, so that nothing has to run
 * for an overlap to end. Redis gone: deadlines that are known still hold; no rotation can begin or change.
 */
@ApplicationModule(allowedDependencies = {"problems", "store", "audit", "keys"})
@NullMarked
package io.latchkey.rotation;

import org.jspecify.annotations.NullMarked;
import org.springframework.modulith.ApplicationModule;
