/**
 * What an operator did is written with what it changed, or neither is.
 *
 * <p>Entries are chained by HMAC; a change's script carries its entry and refuses when the chain's head has moved.
 * Redis gone: nothing can be changed, so there is nothing to write.
 */
@ApplicationModule(allowedDependencies = {"problems", "store"})
@NullMarked
package io.latchkey.audit;

import org.jspecify.annotations.NullMarked;
import org.springframework.modulith.ApplicationModule;
