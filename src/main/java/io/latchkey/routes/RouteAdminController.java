package io.latchkey.routes;

import java.net.URI;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;

/** The route table as operators see it; of injected headers the names only. */
@RestController
final class RouteAdminController {
    private final Routes routes;

    RouteAdminController(Routes routes) {
        this.routes = routes;
    }

    @GetMapping("/admin/routes")
    Map<String, List<Row>> list() {
        return Map.of("items", routes.all().stream().map(Row::of).toList());
    }

    record Row(
            String id,
            String path,
            List<URI> upstreams,
            @Nullable String stripPrefix,
            Set<String> methods,
            @Nullable String scope,
            String access,
            Map<String, String> timeout,
            long requestSizeLimit,
            Set<String> upstreamHeaders) {
        static Row of(Route route) {
            return new Row(
                    route.id(),
                    route.path(),
                    route.upstreams(),
                    route.stripPrefix(),
                    route.methods(),
                    route.scope(),
                    route.access().name().toLowerCase(Locale.ROOT),
                    Map.of(
                            "connect", route.timeout().connect().toString(),
                            "firstByte", route.timeout().firstByte().toString(),
                            "total", route.timeout().total().toString()),
                    route.requestSizeLimit().toBytes(),
                    route.upstreamHeaders().keySet());
        }
    }
}
