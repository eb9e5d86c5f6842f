package io.latchkey.wire;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** The head of an answer as nginx sends it, parsed in place. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(1)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
public class AnswerHeadBenchmark {
    private static final byte[] HEAD = """
            HTTP/1.1 200 OK
            Server: nginx/1.22.1
            Date: Fri, 20 Nov 2026 15:00:00 GMT
            Content-Type: application/json
            Content-Length: 1024
            Last-Modified: Fri, 20 Nov 2026 14:00:00 GMT
            Connection: keep-alive
            ETag: "655b7a10-400"
            Accept-Ranges: bytes

            """.replace("\n", "\r\n").getBytes(StandardCharsets.ISO_8859_1);

    private final Inflow in = new Inflow((into, offset, length) -> {
        System.arraycopy(HEAD, 0, into, offset, HEAD.length);
        return HEAD.length;
    });
    private final AnswerReader reader = new AnswerReader(in);

    @Benchmark
    public Object head() throws IOException {
        return reader.read();
    }
}
