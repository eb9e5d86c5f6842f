/** One record per request, made when the outcome is known. */
@ApplicationModule(allowedDependencies = {"problems", "routes", "keys"})
@NullMarked
package io.latchkey.observability;

import org.jspecify.annotations.NullMarked;
import org.springframework.modulith.ApplicationModule;
