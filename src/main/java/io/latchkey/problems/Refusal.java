package io.latchkey.problems;

import java.util.Locale;
import java.util.Optional;

/** The one table of refusals; {@code docs/errors.md} is checked against it. */
public enum Refusal {
    BAD_REQUEST(
            400, "Bad request", Blame.CALLER, false, "The request is malformed.", "Correct it; the detail says where."),
    KEY_MISSING(
            401,
            "API key missing",
            Blame.CALLER,
            false,
            "The route needs an API key and none was sent.",
            "Send `X-API-Key: <token>` or `Authorization: Bearer <token>`."),
    KEY_MALFORMED(
            401,
            "API key malformed",
            Blame.CALLER,
            false,
            "What was sent cannot be an API key: it was cut, mistyped or altered.",
            "Copy the whole token again."),
    KEY_UNKNOWN(
            401,
            "API key unknown",
            Blame.CALLER,
            false,
            "No key with this token exists here.",
            "Check that the token belongs to this environment; ask its owner for a new one."),
    KEY_EXPIRED(
            401,
            "API key expired",
            Blame.CALLER,
            false,
            "The key reached its expiry.",
            "Ask an operator for a new key."),
    KEY_SUPERSEDED(
            401,
            "API key superseded",
            Blame.CALLER,
            false,
            "The key was rotated and the overlap of this old secret is over.",
            "Use the new token of the same key."),
    KEY_REVOKED(
            401,
            "API key revoked",
            Blame.CALLER,
            false,
            "The key, or this secret of it, was revoked.",
            "Ask an operator for a new key."),
    KEY_DISABLED(
            401,
            "API key disabled",
            Blame.CALLER,
            false,
            "An operator switched the key off.",
            "Ask an operator to enable it."),
    SCOPE_MISSING(
            403,
            "Scope missing",
            Blame.CALLER,
            false,
            "The key is valid, but lacks the scope that this needs.",
            "Ask an operator to add the scope named in the detail."),
    ADDRESS_NOT_ALLOWED(
            403,
            "Address not allowed",
            Blame.CALLER,
            false,
            "The key may not be used from this address.",
            "Call from an allowed network, or ask an operator to allow yours."),
    ADMIN_TOKEN_MISSING(
            401,
            "Admin token missing",
            Blame.CALLER,
            false,
            "The admin API needs an admin token.",
            "Send `Authorization: Bearer <admin token>`."),
    ADMIN_TOKEN_REFUSED(
            401,
            "Admin token refused",
            Blame.CALLER,
            false,
            "The admin token is unknown, expired or revoked.",
            "Check the token; an API key is not an admin token."),
    ROLE_MISSING(
            403,
            "Role missing",
            Blame.CALLER,
            false,
            "The admin token's role does not allow this act.",
            "Use a token with the role named in `docs/security.md`."),
    ROUTE_NOT_FOUND(
            404,
            "Route not found",
            Blame.CALLER,
            false,
            "No route of this gateway has this path.",
            "Check the path; `GET /admin/routes` lists the routes."),
    RESOURCE_NOT_FOUND(
            404, "Not found", Blame.CALLER, false, "The thing named in the path does not exist.", "Check the id."),
    METHOD_NOT_ALLOWED(
            405,
            "Method not allowed",
            Blame.CALLER,
            false,
            "The path exists, but not for this method.",
            "Use one of the methods in the `Allow` header."),
    NOT_ACCEPTABLE(
            406,
            "Not acceptable",
            Blame.CALLER,
            false,
            "No representation matches the `Accept` header.",
            "Accept `application/json`."),
    REQUEST_TIMEOUT(
            408,
            "Request timeout",
            Blame.CALLER,
            true,
            "The request did not arrive completely in time.",
            "Send it again, faster."),
    CONFLICT(
            409,
            "Conflict",
            Blame.CALLER,
            false,
            "The act does not fit the present state; the detail says why.",
            "Read the resource again and decide anew."),
    LENGTH_REQUIRED(411, "Length required", Blame.CALLER, false, "The request needs a `Content-Length`.", "Send it."),
    PRECONDITION_FAILED(
            412,
            "Precondition failed",
            Blame.CALLER,
            false,
            "The resource changed since it was read.",
            "Read it again and send its new `ETag` in `If-Match`."),
    REQUEST_TOO_LARGE(
            413,
            "Request too large",
            Blame.CALLER,
            false,
            "The body is larger than the route allows.",
            "Send less; the limit is in the detail."),
    URI_TOO_LONG(
            414,
            "URI too long",
            Blame.CALLER,
            false,
            "The request line is longer than the gateway reads.",
            "Shorten the path or the query."),
    UNSUPPORTED_MEDIA_TYPE(
            415,
            "Unsupported media type",
            Blame.CALLER,
            false,
            "The body's `Content-Type` is not understood here.",
            "Send one of the types in the detail."),
    EXPECTATION_FAILED(
            417,
            "Expectation failed",
            Blame.CALLER,
            false,
            "The `Expect` header asks for something other than `100-continue`.",
            "Leave it out."),
    UNPROCESSABLE(
            422,
            "Unprocessable",
            Blame.CALLER,
            false,
            "The request is well-formed but cannot be done as asked.",
            "Correct what the detail names."),
    PRECONDITION_REQUIRED(
            428,
            "Precondition required",
            Blame.CALLER,
            false,
            "The change needs `If-Match`, so that nobody's change is lost.",
            "Send the `ETag` of the last read in `If-Match`."),
    LIMIT_EXCEEDED(
            429,
            "Limit exceeded",
            Blame.CALLER,
            true,
            "The caller used up a limit; `violatedPolicies` names which.",
            "Try again after `Retry-After`; the `RateLimit` headers say how much is left."),
    TOO_MANY_IN_FLIGHT(
            429,
            "Too many requests in flight",
            Blame.CALLER,
            true,
            "The key has as many requests under way as it may have at a time.",
            "Wait for one of them to end."),
    HEADERS_TOO_LARGE(
            431,
            "Headers too large",
            Blame.CALLER,
            false,
            "The header block is larger, or has more fields, than the gateway reads.",
            "Send fewer or shorter headers."),
    GATEWAY_FAULT(
            500,
            "Gateway fault",
            Blame.GATEWAY,
            true,
            "The gateway failed; it has been logged.",
            "Try again; quote the `requestId` if it persists."),
    NOT_IMPLEMENTED(
            501,
            "Not implemented",
            Blame.CALLER,
            false,
            "The gateway does not know this method or transfer coding.",
            "Use a standard method."),
    UPSTREAM_UNREACHABLE(
            502,
            "Upstream unreachable",
            Blame.UPSTREAM,
            true,
            "The service behind the route could not be reached.",
            "Try again later."),
    UPSTREAM_BAD_ANSWER(
            502,
            "Upstream answered badly",
            Blame.UPSTREAM,
            true,
            "The service behind the route broke the connection or the protocol; whether it acted is unknown.",
            "Try again if repeating is safe."),
    AUTH_STORE_UNAVAILABLE(
            503,
            "Key store unavailable",
            Blame.GATEWAY,
            true,
            "The key could not be checked, because the key store does not answer. This says nothing about the key.",
            "Try again after `Retry-After`."),
    STORE_UNAVAILABLE(
            503,
            "Store unavailable",
            Blame.GATEWAY,
            true,
            "The change could not be confirmed, because the store does not answer. It may or may not have happened.",
            "Repeat it after `Retry-After`, with the same `Idempotency-Key`."),
    OVERLOADED(
            503,
            "Overloaded",
            Blame.GATEWAY,
            true,
            "The gateway has no room for another request.",
            "Try again after `Retry-After`."),
    CIRCUIT_OPEN(
            503,
            "Circuit open",
            Blame.UPSTREAM,
            true,
            "The service behind the route failed several times in a row and is given time to recover.",
            "Try again after `Retry-After`."),
    UPSTREAM_TIMEOUT(
            504,
            "Upstream timeout",
            Blame.UPSTREAM,
            true,
            "The service behind the route did not answer in time; whether it acted is unknown.",
            "Try again if repeating is safe."),
    NOT_CACHED(
            504,
            "Not cached",
            Blame.CALLER,
            false,
            "The request asked for a stored answer only, and there is none that it would take.",
            "Send it without `Cache-Control: only-if-cached`."),
    VERSION_NOT_SUPPORTED(
            505,
            "HTTP version not supported",
            Blame.CALLER,
            false,
            "The gateway speaks HTTP/1.1 and HTTP/1.0.",
            "Use HTTP/1.1."),
    LOOP_DETECTED(
            508,
            "Loop detected",
            Blame.UPSTREAM,
            false,
            "The request has passed this gateway before: a route leads back to it.",
            "Tell the operator; the route's upstream is wrong.");

    private final int status;
    private final String title;
    private final Blame blame;
    private final boolean retryable;
    private final String meaning;
    private final String remedy;

    Refusal(int status, String title, Blame blame, boolean retryable, String meaning, String remedy) {
        this.status = status;
        this.title = title;
        this.blame = blame;
        this.retryable = retryable;
        this.meaning = meaning;
        this.remedy = remedy;
    }

    /** The stable name that clients switch on, e.g. {@code key-superseded}. */
    public String code() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    public int status() {
        return status;
    }

    public String title() {
        return title;
    }

    public Blame blame() {
        return blame;
    }

    public boolean retryable() {
        return retryable;
    }

    /** What happened, for a person. */
    public String meaning() {
        return meaning;
    }

    /** What to do next, for a person. */
    public String remedy() {
        return remedy;
    }

    static Optional<Refusal> byCode(String code) {
        for (Refusal refusal : values()) {
            if (refusal.code().equals(code)) {
                return Optional.of(refusal);
            }
        }
        return Optional.empty();
    }

    /** The refusal for a status that the container or the framework decided on its own. */
    public static Refusal ofStatus(int status) {
        return switch (status) {
            case 401 -> ADMIN_TOKEN_REFUSED;
            case 403 -> ROLE_MISSING;
            case 404 -> RESOURCE_NOT_FOUND;
            case 405 -> METHOD_NOT_ALLOWED;
            case 406 -> NOT_ACCEPTABLE;
            case 408 -> REQUEST_TIMEOUT;
            case 409 -> CONFLICT;
            case 411 -> LENGTH_REQUIRED;
            case 412 -> PRECONDITION_FAILED;
            case 413 -> REQUEST_TOO_LARGE;
            case 414 -> URI_TOO_LONG;
            case 415 -> UNSUPPORTED_MEDIA_TYPE;
            case 417 -> EXPECTATION_FAILED;
            case 422 -> UNPROCESSABLE;
            case 428 -> PRECONDITION_REQUIRED;
            case 431 -> HEADERS_TOO_LARGE;
            case 501 -> NOT_IMPLEMENTED;
            case 503 -> OVERLOADED;
            case 505 -> VERSION_NOT_SUPPORTED;
            default -> status >= 400 && status < 500 ? BAD_REQUEST : GATEWAY_FAULT;
        };
    }
}
