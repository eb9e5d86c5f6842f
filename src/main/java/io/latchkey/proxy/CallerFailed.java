package io.latchkey.proxy;

import io.latchkey.problems.Refused;
import java.io.IOException;

/** The request's body could not be read to its end, or may not be; the upstream is not to blame. */
final class CallerFailed extends IOException {
    private static final long serialVersionUID = 1;

    private final transient Refused refused;

    CallerFailed(Refused refused) {
        super(refused);
        this.refused = refused;
    }

    Refused refused() {
        return refused;
    }
}
