package io.latchkey.admin;

import com.fasterxml.jackson.annotation.JsonUnwrapped;
import io.latchkey.audit.Act;
import io.latchkey.keys.KeyProfile;
import io.latchkey.keys.OperatorTokens;
import io.latchkey.keys.OperatorTokens.Created;
import io.latchkey.keys.OperatorTokens.Operator;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.validation.Valid;
import jakarta.validation.constraints.NotBlank;
import jakarta.validation.constraints.NotNull;
import jakarta.validation.constraints.Pattern;
import jakarta.validation.constraints.Size;
import java.net.URI;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.DeleteMapping;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RestController;

/** Admin tokens over HTTP; they rotate by the same calls as keys do. */
@RestController
@RequestMapping("/admin/tokens")
class TokenController {
    private final OperatorTokens tokens;

    TokenController(OperatorTokens tokens) {
        this.tokens = tokens;
    }

    /** A token that is wanted. */
    record Wanted(
            @NotBlank
            @Size(max = 120)
            @Pattern(regexp = KeyProfile.PRINTABLE, message = "must hold printable characters only")
            String name,

            @NotNull Role role,
            @Nullable Instant expiresAt) {}

    /** The new token, shown this once. */
    record Made(@JsonUnwrapped Operator operator, String token) {}

    /** All admin tokens, newest first. */
    record Listing(List<Operator> items, @Nullable String next) {}

    /** Lists all admin tokens, newest first. */
    @GetMapping
    Listing list() {
        return new Listing(tokens.list(), null);
    }

    /** Makes an admin token; the answer holds it this once. */
    @PostMapping
    ResponseEntity<Made> create(@Valid @RequestBody Wanted wanted, HttpServletRequest request) {
        Created created = tokens.create(
                wanted.name(), wanted.role().wireName(), wanted.expiresAt(), Act.of(request, "token.create"));
        return ResponseEntity.created(
                        URI.create("/admin/tokens/" + created.operator().id()))
                .body(new Made(created.operator(), created.token()));
    }

    /** Revokes an admin token for good. */
    @DeleteMapping("/{id}")
    Operator revoke(@PathVariable String id, HttpServletRequest request) {
        return tokens.revoke(id, Act.of(request, "token.revoke"));
    }
}
