package io.latchkey.keys;

import io.latchkey.Gateway;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;
import org.springframework.mock.web.MockHttpServletRequest;

/** The stop "key" for a key that the node knows; Redis and its refreshes are real. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(1)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
public class KeyCheckBenchmark {
    private final Gateway gateway = Gateway.start();
    private final Keys keys = gateway.bean(Keys.class);
    private final MockHttpServletRequest request = new MockHttpServletRequest("GET", "/api/demo/hello");

    @Setup
    public void makeKey() {
        request.addHeader(
                "X-API-Key",
                gateway.admin("POST", "/admin/keys", "{\"name\":\"bench\"}").get("token"));
    }

    @Benchmark
    public Caller authenticate() {
        return keys.authenticate(request, null);
    }

    @TearDown
    public void stop() {
        gateway.close();
    }
}
