/** A new secret works everywhere before the old one stops anywhere. */
@ApplicationModule(allowedDependencies = {"problems", "store", "audit", "keys"})
@NullMarked
package io.latchkey.rotation;

import org.jspecify.annotations.NullMarked;
import org.springframework.modulith.ApplicationModule;
