/** Bytes pass unchanged; retry only what never left us. */
@ApplicationModule(allowedDependencies = {"problems", "routes", "keys"})
@NullMarked
package io.latchkey.proxy;

import org.jspecify.annotations.NullMarked;
import org.springframework.modulith.ApplicationModule;
