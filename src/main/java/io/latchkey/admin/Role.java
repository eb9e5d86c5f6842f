package io.latchkey.admin;

import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Locale;

/** What an operator may do; {@code docs/security.md} has the matrix. */
enum Role {
    /** Reads. */
    VIEWER,
    /** Reads, and changes keys and what runs. */
    OPERATOR,
    /** Reads, and the audit log. */
    AUDITOR,
    /** Everything, admin tokens and bulk transfer included. */
    ADMIN;

    @JsonValue
    String wireName() {
        return name().toLowerCase(Locale.ROOT);
    }
}
