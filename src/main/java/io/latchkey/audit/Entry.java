package io.latchkey.audit;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** What one entry says; {@code before} and {@code after} never hold a secret or its digest. */
@JsonInclude(JsonInclude.Include.NON_NULL)
record Entry(
        long seq,
        Instant at,
        Actor actor,
        String action,
        String target,
        String outcome,
        @Nullable String address,
        @Nullable String requestId,
        @Nullable Object before,
        @Nullable Object after) {}
