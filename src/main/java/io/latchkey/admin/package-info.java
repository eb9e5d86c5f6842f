/** Only operators change the gateway. */
@ApplicationModule(allowedDependencies = {"problems", "store", "audit", "keys"})
@NullMarked
package io.latchkey.admin;

import org.jspecify.annotations.NullMarked;
import org.springframework.modulith.ApplicationModule;
