/**
 * Every refusal is one row: code, status, blame, wording, retryable.
 *
 * <p>Handlers throw {@link io.latchkey.problems.Refused}; {@link io.latchkey.problems.Problems} is the only place that
 * writes an error. Redis gone: nothing changes here.
 */
@ApplicationModule(allowedDependencies = {})
@NullMarked
package io.latchkey.problems;

import org.jspecify.annotations.NullMarked;
import org.springframework.modulith.ApplicationModule;
