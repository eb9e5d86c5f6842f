/**
 * What the gateway says of itself is what it does.
 *
 * <p>The document of the API is made from the code by a test and lies in the jar as it is; here it is only handed out,
 * with pages that show it. Redis gone: nothing changes here.
 */
@ApplicationModule(allowedDependencies = {})
@NullMarked
package io.latchkey.reference;

import org.jspecify.annotations.NullMarked;
import org.springframework.modulith.ApplicationModule;
