package io.latchkey.reference;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.io.ClassPathResource;
import org.springframework.core.io.Resource;
import org.springframework.core.io.support.PropertiesLoaderUtils;
import org.springframework.http.CacheControl;
import org.springframework.util.DigestUtils;
import org.springframework.web.servlet.HandlerInterceptor;
import org.springframework.web.servlet.config.annotation.InterceptorRegistry;
import org.springframework.web.servlet.config.annotation.ResourceHandlerRegistry;
import org.springframework.web.servlet.config.annotation.ViewControllerRegistry;
import org.springframework.web.servlet.config.annotation.WebMvcConfigurer;

/** Hands out {@code openapi.json} and the pages below {@code /docs}, all of it from the jar. */
@Configuration(proxyBeanMethods = false)
class Reference implements WebMvcConfigurer, HandlerInterceptor {
    private static final String OURS = "classpath:/io/latchkey/reference/";
    private static final String PAGES = "/docs/**";
    private static final Map<String, String> TAGS = new ConcurrentHashMap<>();

    /** What its scripts and styles need, and nothing from elsewhere. */
    private static final String POLICY =
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
                    + "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    @Override
    public void addResourceHandlers(ResourceHandlerRegistry registry) {
        add(registry, "/openapi.json", OURS);
        add(registry, PAGES, OURS + "docs/", "classpath:/META-INF/resources/webjars/swagger-ui/" + version() + "/");
    }

    private static void add(ResourceHandlerRegistry registry, String path, String... locations) {
        registry.addResourceHandler(path)
                .addResourceLocations(locations)
                .setCacheControl(CacheControl.noCache())
                // Whatever is in the jar has the time that all builds have.
                .setUseLastModified(false)
                .setEtagGenerator(Reference::tag);
    }

    /** Read once: what is in the jar stays as it is. */
    private static String tag(Resource resource) {
        try {
            return TAGS.computeIfAbsent(resource.getURL().toString(), url -> digest(resource));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String digest(Resource resource) {
        try {
            return DigestUtils.md5DigestAsHex(resource.getContentAsByteArray());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void addViewControllers(ViewControllerRegistry registry) {
        registry.addViewController("/docs").setViewName("forward:/docs/index.html");
    }

    @Override
    public void addInterceptors(InterceptorRegistry registry) {
        registry.addInterceptor(this).addPathPatterns("/docs", PAGES);
    }

    @Override
    public boolean preHandle(HttpServletRequest request, HttpServletResponse response, Object handler) {
        response.setHeader("Content-Security-Policy", POLICY);
        return true;
    }

    private static String version() {
        try {
            return PropertiesLoaderUtils.loadProperties(
                            new ClassPathResource("META-INF/maven/org.webjars/swagger-ui/pom.properties"))
                    .getProperty("version");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
