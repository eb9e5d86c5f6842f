/** A path belongs to one route; reserved prefixes to none. */
@ApplicationModule(allowedDependencies = {"problems", "store", "audit"})
@NullMarked
package io.latchkey.routes;

import org.jspecify.annotations.NullMarked;
import org.springframework.modulith.ApplicationModule;
