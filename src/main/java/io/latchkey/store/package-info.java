/** The one door to Redis: which server, is it there, how long a command may take. */
@ApplicationModule(allowedDependencies = {"problems"})
@NullMarked
package io.latchkey.store;

import org.jspecify.annotations.NullMarked;
import org.springframework.modulith.ApplicationModule;
