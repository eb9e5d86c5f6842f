package io.latchkey.routes;

import io.latchkey.Gateway;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;
import org.springframework.mock.web.MockHttpServletRequest;

/** The stop "match" among a hundred routes. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(1)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
public class RouteMatchBenchmark {
    @Param({"/api/service50/orders/4711", "/api/service50/caf%C3%A9?q=1"})
    private String target = "";

    private final MockHttpServletRequest request = new MockHttpServletRequest();
    private final Gateway gateway = Gateway.start(IntStream.range(0, 100)
            .boxed()
            .flatMap(i -> Stream.of(
                    "--latchkey.routes[" + i + "].id=service" + i,
                    "--latchkey.routes[" + i + "].path=/api/service" + i + "/**",
                    "--latchkey.routes[" + i + "].upstreams[0]=http://127.0.0.1:9"))
            .toArray(String[]::new));
    private final Routes routes = gateway.bean(Routes.class);

    @Setup
    public void aim() {
        int query = target.indexOf('?');
        request.setMethod("GET");
        request.setRequestURI(query < 0 ? target : target.substring(0, query));
        request.setQueryString(query < 0 ? null : target.substring(query + 1));
    }

    @Benchmark
    public RouteMatch match() {
        return routes.match(request);
    }

    @TearDown
    public void stop() {
        gateway.close();
    }
}
