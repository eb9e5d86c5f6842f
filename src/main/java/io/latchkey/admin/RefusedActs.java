package io.latchkey.admin;

import io.latchkey.audit.Act;
import io.latchkey.audit.Actor;
import io.latchkey.audit.Audit;
import io.latchkey.problems.Problems;
import io.latchkey.problems.Refusal;
import io.latchkey.problems.Refused;
import io.latchkey.store.StoreUnavailable;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.stereotype.Component;
import org.springframework.web.servlet.HandlerInterceptor;
import org.springframework.web.servlet.config.annotation.InterceptorRegistry;
import org.springframework.web.servlet.config.annotation.WebMvcConfigurer;

/** Keeps in the audit log what an operator tried to change and was refused; what was done is written with the change. */
@Component
class RefusedActs implements WebMvcConfigurer, HandlerInterceptor {
    private static final Logger log = LoggerFactory.getLogger(RefusedActs.class);

    private final Audit audit;

    RefusedActs(Audit audit) {
        this.audit = audit;
    }

    @Override
    public void addInterceptors(InterceptorRegistry registry) {
        registry.addInterceptor(this).addPathPatterns("/admin/**");
    }

    @Override
    public void afterCompletion(
            HttpServletRequest request, HttpServletResponse response, Object handler, @Nullable Exception e) {
        boolean changes =
                !request.getMethod().equals("GET") && !request.getMethod().equals("HEAD");
        if (changes && request.getAttribute(Actor.ATTRIBUTE) != null) {
            // Without the store nothing can be written, and what became of the act is unknown.
            if (request.getAttribute(Problems.ANSWERED) instanceof Refused refused
                    && refused.refusal() != Refusal.STORE_UNAVAILABLE) {
                write(audit, Act.of(request, request.getMethod()), request, refused);
            }
        }
    }

    static void write(Audit audit, Act act, HttpServletRequest request, Refused refused) {
        try {
            audit.append(act, request.getRequestURI(), refused.refusal().code(), null, refused.evidence());
        } catch (StoreUnavailable unavailable) {
            log.warn("a refused act could not be written: {}", unavailable.getMessage());
        }
    }
}
