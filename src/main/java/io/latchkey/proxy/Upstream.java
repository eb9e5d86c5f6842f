package io.latchkey.proxy;

import java.net.URI;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.hc.client5.http.HttpRoute;
import org.apache.hc.core5.http.HttpHost;

/** One server behind a route, and how many calls it has open. */
final class Upstream {
    private final URI uri;
    private final HttpRoute route;
    private final String basePath;
    private final AtomicInteger inFlight = new AtomicInteger();

    Upstream(URI uri) {
        this.uri = uri;
        boolean secure = "https".equals(uri.getScheme());
        int port = uri.getPort() >= 0 ? uri.getPort() : secure ? 443 : 80;
        String host = uri.getHost();
        String bare = host.startsWith("[") ? host.substring(1, host.length() - 1) : host;
        this.route = new HttpRoute(new HttpHost(uri.getScheme(), bare, port), null, secure);
        String path = uri.getRawPath();
        this.basePath = path.endsWith("/") ? path.substring(0, path.length() - 1) : path;
    }

    URI uri() {
        return uri;
    }

    HttpRoute route() {
        return route;
    }

    /** What stands in the Host header: the port only when the address names one. */
    String authority() {
        return uri.getRawAuthority();
    }

    String basePath() {
        return basePath;
    }

    AtomicInteger inFlight() {
        return inFlight;
    }
}
