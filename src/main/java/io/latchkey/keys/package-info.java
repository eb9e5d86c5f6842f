/** No key, no caller. Redis gone: last known good for a while, else 503. */
@ApplicationModule(allowedDependencies = {"problems", "store", "audit"})
@NullMarked
package io.latchkey.keys;

import org.jspecify.annotations.NullMarked;
import org.springframework.modulith.ApplicationModule;
