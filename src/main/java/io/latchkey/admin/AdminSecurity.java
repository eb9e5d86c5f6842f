package io.latchkey.admin;

import io.latchkey.audit.Act;
import io.latchkey.audit.Audit;
import io.latchkey.keys.Keys;
import io.latchkey.problems.Problems;
import io.latchkey.problems.Refusal;
import io.latchkey.problems.Refused;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.annotation.Order;
import org.springframework.http.HttpMethod;
import org.springframework.security.config.annotation.web.builders.HttpSecurity;
import org.springframework.security.config.annotation.web.configurers.AbstractHttpConfigurer;
import org.springframework.security.config.http.SessionCreationPolicy;
import org.springframework.security.web.SecurityFilterChain;
import org.springframework.security.web.access.AccessDeniedHandler;
import org.springframework.security.web.access.intercept.AuthorizationFilter;

/** Who may call what: the matrix of roles, by URL and method. */
@Configuration(proxyBeanMethods = false)
class AdminSecurity {
    private static final String[] ADMIN = {"ADMIN"};
    private static final String[] AUDIT = {"AUDITOR", "ADMIN"};
    private static final String[] CHANGE = {"OPERATOR", "ADMIN"};
    private static final String[] READ = {"VIEWER", "OPERATOR", "AUDITOR", "ADMIN"};

    @Bean
    @Order(1)
    SecurityFilterChain operators(HttpSecurity http, Keys keys, Problems problems, Audit audit) throws Exception {
        return plain(http.securityMatcher("/admin/**", "/health/detailed"))
                .addFilterBefore(new OperatorFilter(keys, problems), AuthorizationFilter.class)
                .authorizeHttpRequests(calls -> calls.requestMatchers("/admin/audit", "/admin/audit/**")
                        .hasAnyRole(AUDIT)
                        .requestMatchers("/admin/keys/export", "/admin/keys/import", "/admin/owners/**")
                        .hasAnyRole(ADMIN)
                        .requestMatchers(HttpMethod.GET, "/admin/tokens", "/admin/tokens/**")
                        .hasAnyRole(AUDIT)
                        .requestMatchers(HttpMethod.HEAD, "/admin/tokens", "/admin/tokens/**")
                        .hasAnyRole(AUDIT)
                        .requestMatchers("/admin/tokens", "/admin/tokens/**")
                        .hasAnyRole(ADMIN)
                        .requestMatchers(HttpMethod.GET, "/admin/**", "/health/detailed")
                        .hasAnyRole(READ)
                        .requestMatchers(HttpMethod.HEAD, "/admin/**", "/health/detailed")
                        .hasAnyRole(READ)
                        .requestMatchers("/admin/**")
                        .hasAnyRole(CHANGE)
                        .anyRequest()
                        .denyAll())
                .exceptionHandling(handling -> handling.accessDeniedHandler(denied(problems, audit)))
                .build();
    }

    /** The rest of Spring MVC: the gateway's own pipeline has checked what needs a key. */
    @Bean
    @Order(2)
    SecurityFilterChain others(HttpSecurity http) throws Exception {
        return plain(http)
                .authorizeHttpRequests(calls -> calls.anyRequest().permitAll())
                .build();
    }

    /** Without cookies there is no session to ride on; headers are set once, for every answer, by the trail. */
    private static HttpSecurity plain(HttpSecurity http) {
        return http.csrf(AbstractHttpConfigurer::disable)
                .headers(AbstractHttpConfigurer::disable)
                .logout(AbstractHttpConfigurer::disable)
                .requestCache(AbstractHttpConfigurer::disable)
                .anonymous(anonymous -> {})
                .sessionManagement(sessions -> sessions.sessionCreationPolicy(SessionCreationPolicy.STATELESS));
    }

    private static AccessDeniedHandler denied(Problems problems, Audit audit) {
        return (request, response, e) -> {
            Refused refused = new Refused(Refusal.ROLE_MISSING, "Your admin token's role does not allow this.", e);
            problems.answer(request, response, refused);
            RefusedActs.write(audit, Act.of(request, request.getMethod()), request, refused);
        };
    }
}
