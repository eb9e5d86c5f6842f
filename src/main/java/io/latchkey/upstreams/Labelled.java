package io.latchkey.upstreams;

import java.util.List;

/** A server and the names it is reported under: host and port, or its whole address where two would be alike. */
record Labelled(String route, String label, Upstream upstream) {
    static List<Labelled> of(Balancer balancer) {
        List<Upstream> all = balancer.upstreams();
        return all.stream()
                .map(upstream -> new Labelled(balancer.route().id(), label(upstream, all), upstream))
                .toList();
    }

    private static String label(Upstream upstream, List<Upstream> all) {
        String name = upstream.hostAndPort();
        boolean alone =
                all.stream().filter(other -> other.hostAndPort().equals(name)).count() == 1;
        return alone ? name : upstream.uri().toString();
    }
}
