package io.latchkey.admin;

import io.latchkey.audit.Actor;
import io.latchkey.keys.Caller;
import io.latchkey.keys.Key;
import io.latchkey.keys.Keys;
import io.latchkey.problems.Problems;
import io.latchkey.problems.Refused;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.Locale;
import org.springframework.security.authentication.UsernamePasswordAuthenticationToken;
import org.springframework.security.core.authority.AuthorityUtils;
import org.springframework.security.core.context.SecurityContextHolder;
import org.springframework.web.filter.OncePerRequestFilter;

/** Knows the operator by the bearer token, or answers 401. */
final class OperatorFilter extends OncePerRequestFilter {
    private final Keys keys;
    private final Problems problems;

    OperatorFilter(Keys keys, Problems problems) {
        this.keys = keys;
        this.problems = problems;
    }

    @Override
    protected void doFilterInternal(HttpServletRequest request, HttpServletResponse response, FilterChain chain)
            throws ServletException, IOException {
        Caller caller;
        try {
            caller = keys.authenticateOperator(request);
        } catch (Refused refused) {
            problems.answer(request, response, refused);
            return;
        }
        response.setHeader("Cache-Control", "no-store");
        keys.signal(caller, response);
        // Some answers hold a new token; none may stay in a cache.
        response.setHeader("Cache-Control", "no-store");
        Key key = caller.key();
        String role = key.profile().scopes().getFirst();
        Actor actor = new Actor(key.id(), key.profile().name(), role);
        request.setAttribute(Actor.ATTRIBUTE, actor);
        SecurityContextHolder.getContext()
                .setAuthentication(UsernamePasswordAuthenticationToken.authenticated(
                        actor, null, AuthorityUtils.createAuthorityList("ROLE_" + role.toUpperCase(Locale.ROOT))));
        try {
            chain.doFilter(request, response);
        } finally {
            SecurityContextHolder.clearContext();
        }
    }
}
