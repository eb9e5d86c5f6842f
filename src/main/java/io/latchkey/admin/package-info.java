/**
 * Only operators change the gateway.
 *
 * <p>Every admin call carries a token with a role; what a role may do is decided by URL and method in {@link
 * io.latchkey.admin.AdminSecurity}. Redis gone: admin tokens confirmed within the grace still open what can be read
 * without Redis; every change is 503.
 */
@ApplicationModule(allowedDependencies = {"problems", "store", "audit", "keys"})
@NullMarked
package io.latchkey.admin;

import org.jspecify.annotations.NullMarked;
import org.springframework.modulith.ApplicationModule;
