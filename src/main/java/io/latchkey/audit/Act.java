package io.latchkey.audit;

import io.latchkey.problems.Problems;
import jakarta.servlet.http.HttpServletRequest;
import org.jspecify.annotations.Nullable;

/** One act as it is attempted: who, what, from where, in which request. */
public record Act(
        Actor actor,
        String action,
        @Nullable String address,
        @Nullable String requestId) {
    /** An operator's act in this request. */
    public static Act of(HttpServletRequest request, String action) {
        Actor actor = (Actor) request.getAttribute(Actor.ATTRIBUTE);
        if (actor == null) {
            throw new IllegalStateException("an act needs an authenticated operator");
        }
        return of(request, actor, action);
    }

    public static Act of(HttpServletRequest request, Actor actor, String action) {
        return new Act(actor, action, request.getRemoteAddr(), (String) request.getAttribute(Problems.REQUEST_ID));
    }

    /** What the gateway does by itself, such as seeding a key at start. */
    public static Act ofGateway(String action) {
        return new Act(Actor.GATEWAY, action, null, null);
    }
}
