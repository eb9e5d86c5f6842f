/** What an operator did is written with what it changed, or neither is. */
@ApplicationModule(allowedDependencies = {"problems", "store"})
@NullMarked
package io.latchkey.audit;

import org.jspecify.annotations.NullMarked;
import org.springframework.modulith.ApplicationModule;
