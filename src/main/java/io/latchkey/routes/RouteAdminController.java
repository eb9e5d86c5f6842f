package io.latchkey.routes;

import io.latchkey.audit.Act;
import jakarta.servlet.http.HttpServletRequest;
import java.time.Instant;
import java.util.List;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RestController;

/** The route table as operators see and change it. */
@RestController
@RequestMapping("/admin/routes")
class RouteAdminController {
    private final Routes routes;
    private final RouteReloads reloads;
    private final RouteMeters meters;

    RouteAdminController(Routes routes, RouteReloads reloads, RouteMeters meters) {
        this.routes = routes;
        this.reloads = reloads;
        this.meters = meters;
    }

    /** The routes in force. */
    record Listing(String version, Instant loadedAt, List<RouteView> items) {}

    /** Lists the routes in force. */
    @GetMapping
    Listing list() {
        RouteTable table = routes.table();
        return new Listing(
                table.version(),
                meters.loadedAt(),
                table.routes().stream().map(RouteView::of).toList());
    }

    /** Reads the routes file again: all of it, or nothing. */
    @PostMapping("/reload")
    RouteChange reload(HttpServletRequest request) {
        return reloads.byOperator(Act.of(request, "routes.reload"));
    }
}
