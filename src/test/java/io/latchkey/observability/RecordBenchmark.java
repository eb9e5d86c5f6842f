package io.latchkey.observability;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.LoggingEvent;
import io.latchkey.Gateway;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** The stop "close": the meters of a request, and its access record as JSON. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(1)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
public class RecordBenchmark {
    private final AccessRecord access = new AccessRecord(
            "4bf92f3577b34da6a3ce929d0e0e4736",
            "4bf92f3577b34da6a3ce929d0e0e4736",
            "0VbWxHf6Q04maS",
            "bench",
            "GET",
            "/api/bench/**",
            "/api/bench/1k",
            200,
            0,
            1024,
            1_234_567,
            1_000_000,
            null,
            null,
            false,
            "127.0.0.1",
            "curl/8.5.0");
    private final LoggerContext context = new LoggerContext();
    private final AccessLines lines = new AccessLines();
    private final LoggingEvent event = new LoggingEvent(
            RecordBenchmark.class.getName(), context.getLogger("access"), Level.INFO, "{}", null, new Object[] {access
            });

    private final Gateway gateway = Gateway.start();
    private final RequestMeters meters = gateway.bean(RequestMeters.class);

    @Benchmark
    public void meters() {
        meters.entered();
        meters.left();
        meters.finished(access);
    }

    @Benchmark
    public byte[] json() {
        return lines.encode(event);
    }

    @TearDown
    public void stop() {
        gateway.close();
    }
}
