package io.latchkey.problems;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.DefaultParameterNameDiscoverer;
import org.springframework.core.MethodParameter;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.method.HandlerMethod;
import org.springframework.web.servlet.HandlerInterceptor;
import org.springframework.web.servlet.config.annotation.InterceptorRegistry;
import org.springframework.web.servlet.config.annotation.WebMvcConfigurer;
import org.springframework.web.util.UriComponentsBuilder;

/** Queries that say what they seem to say: a name that a call does not know, or one given twice, changes nothing. */
@Configuration(proxyBeanMethods = false)
class StrictQuery implements WebMvcConfigurer, HandlerInterceptor {
    private final DefaultParameterNameDiscoverer names = new DefaultParameterNameDiscoverer();

    @Override
    public void addInterceptors(InterceptorRegistry registry) {
        registry.addInterceptor(this).addPathPatterns("/admin/**", "/api/v1/**");
    }

    @Override
    public boolean preHandle(HttpServletRequest request, HttpServletResponse response, Object handler) {
        if (request.getQueryString() != null && handler instanceof HandlerMethod method) {
            Set<String> known = known(method);
            // Not the servlet's parameters: to find them it may read the body.
            UriComponentsBuilder.newInstance()
                    .query(request.getQueryString())
                    .build()
                    .getQueryParams()
                    .forEach((name, values) -> check(known, name, values));
        }
        return true;
    }

    private static void check(Set<String> known, String name, List<String> values) {
        if (!known.contains(name)) {
            // The name is not repeated: it may be a secret in the wrong place.
            String all = known.isEmpty() ? "none" : String.join(", ", known);
            throw new Refused(
                    Refusal.BAD_REQUEST, "The query has a name that this call does not know; it knows: " + all);
        }
        if (values.size() > 1) {
            throw new WrongField(name, "is given more than once").refused();
        }
    }

    private Set<String> known(HandlerMethod method) {
        return Arrays.stream(method.getMethodParameters())
                .filter(parameter -> parameter.hasParameterAnnotation(RequestParam.class))
                .peek(parameter -> parameter.initParameterNameDiscovery(names))
                .map(MethodParameter::getParameterName)
                .map(Objects::requireNonNull)
                .collect(Collectors.toCollection(TreeSet::new));
    }
}
