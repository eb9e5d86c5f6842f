package io.latchkey.keys;

import com.fasterxml.jackson.annotation.JsonInclude;
import jakarta.validation.Valid;
import jakarta.validation.constraints.DecimalMax;
import jakarta.validation.constraints.Digits;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.NotBlank;
import jakarta.validation.constraints.NotNull;
import jakarta.validation.constraints.Pattern;
import jakarta.validation.constraints.Positive;
import jakarta.validation.constraints.Size;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.hibernate.validator.constraints.time.DurationMax;
import org.hibernate.validator.constraints.time.DurationMin;
import org.jspecify.annotations.Nullable;

/**
 * What an operator says about a key; all secrets of the key share it.
 *
 * @param concurrency most requests at a time, on each node; null = as many as its routes allow
 */
@JsonInclude(JsonInclude.Include.NON_EMPTY)
public record KeyProfile(
        @NotBlank @Size(max = 120) @Pattern(regexp = PRINTABLE, message = "must hold printable characters only")
        String name,

        @Size(max = 120) @Pattern(regexp = PRINTABLE, message = "must hold printable characters only")
        String owner,

        @Pattern(regexp = "[a-z0-9]{1,16}", message = "must be 1 to 16 of a-z and 0-9")
        String env,

        @Size(max = 50) List<@Pattern(regexp = NAME, message = NAME_MESSAGE) String> scopes,
        @Size(max = 10) List<@Valid Limit> limits,

        @Size(max = 50)
        List<@Pattern(regexp = "[0-9a-fA-F:./]{2,49}", message = "must be a CIDR block") String> allowedCidrs,

        @Size(max = 50) List<@Pattern(regexp = NAME, message = NAME_MESSAGE) String> tags,
        @Nullable Instant expiresAt,

        @Nullable @DurationMin(hours = 1) @DurationMax(days = 3650)
        Duration rotateEvery,

        @Nullable @Positive @Max(100_000) Integer concurrency,
        @Size(max = 4) List<@Valid Budget> budgets) {

    /** What people read: no controls, no line breaks, nothing that turns the direction of the text around it. */
    public static final String PRINTABLE =
            "[^\\p{Cc}\\p{Cs}\\p{Co}\\p{Cn}\\p{Zl}\\p{Zp}\\x{202A}-\\x{202E}\\x{2066}-\\x{2069}]*";

    static final String NAME = "[A-Za-z0-9][A-Za-z0-9:._/@-]{0,63}";
    static final String NAME_MESSAGE = "must be 1 to 64 of A-Z a-z 0-9 : . _ / @ -";

    /** How often to remind of a rotation when the operator says nothing. */
    static final Duration ROTATE_EVERY = Duration.ofDays(90);

    public KeyProfile {
        owner = owner == null ? "" : owner;
        env = env == null || env.isEmpty() ? "live" : env;
        scopes = scopes == null ? List.of() : List.copyOf(scopes);
        limits = limits == null ? List.of() : List.copyOf(limits);
        allowedCidrs = allowedCidrs == null ? List.of() : List.copyOf(allowedCidrs);
        tags = tags == null ? List.of() : List.copyOf(tags);
        rotateEvery = rotateEvery == null ? ROTATE_EVERY : rotateEvery;
        budgets = budgets == null ? List.of() : List.copyOf(budgets);
    }

    static KeyProfile named(String name, String env, List<String> scopes, @Nullable Instant expiresAt) {
        return new KeyProfile(
                name, "", env, scopes, List.of(), List.of(), List.of(), expiresAt, ROTATE_EVERY, null, List.of());
    }

    /** A limit of the key's own, in place of its route's limit of the same name. */
    public record Limit(
            @NotNull @Pattern(regexp = "[a-z0-9-]{1,32}", message = "must be 1 to 32 of a-z 0-9 -")
            String name,

            @Positive @Max(1_000_000_000_000L) long quota,

            @NotNull String window,

            @Pattern(regexp = "exact|fast", message = "must be exact or fast")
            String accuracy) {
        public Limit {
            accuracy = accuracy == null ? "fast" : accuracy;
        }
    }

    /** What the key may spend on routes that count tokens, in the calendar's day or month. */
    public record Budget(
            @NotNull @Pattern(regexp = "tokens|cost", message = "must be tokens or cost")
            String unit,

            @NotNull @Positive @DecimalMax("1000000000000") @Digits(integer = 13, fraction = 9)
            BigDecimal amount,

            @NotNull @Pattern(regexp = "P1D|P1M", message = "must be P1D or P1M")
            String window) {
        /** Such as {@code tokens-per-day}. */
        public String name() {
            return unit + (window.equals("P1D") ? "-per-day" : "-per-month");
        }
    }
}
