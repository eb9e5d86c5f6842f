package io.latchkey.proxy;

import org.eclipse.jetty.io.EofException;
import org.jspecify.annotations.Nullable;

/** Nobody is left to be told; to the container the same as a connection that ended. */
final class CallerGone extends EofException {
    private static final long serialVersionUID = 1;

    CallerGone(@Nullable Throwable cause) {
        super(cause);
    }
}
