package io.latchkey.observability;

import io.opentelemetry.exporter.otlp.http.trace.OtlpHttpSpanExporter;
import io.opentelemetry.exporter.otlp.http.trace.OtlpHttpSpanExporterBuilder;
import io.opentelemetry.sdk.resources.Resource;
import io.opentelemetry.sdk.trace.data.SpanData;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sends spans to an OTLP receiver in batches, from a thread of its own. What finds no room, or nobody who takes it, is
 * dropped and counted.
 */
final class SpanExport implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(SpanExport.class);
    private static final int ROOM = 4096;
    private static final int BATCH = 256;
    private static final long LINGER_MILLIS = 200;
    private static final Duration PATIENCE = Duration.ofSeconds(10);
    private static final Duration FLUSH = Duration.ofSeconds(1);

    private final BlockingQueue<RequestTrace> queue = new ArrayBlockingQueue<>(ROOM);
    private final CountDownLatch closing = new CountDownLatch(1);
    private final OtlpHttpSpanExporter exporter;
    private final Resource resource;
    private final RequestMeters meters;
    private final Thread sender;
    private boolean failing;

    SpanExport(TracingProperties properties, Resource resource, RequestMeters meters) {
        OtlpHttpSpanExporterBuilder builder =
                OtlpHttpSpanExporter.builder().setEndpoint(properties.address()).setTimeout(PATIENCE);
        properties.headers().forEach(builder::addHeader);
        exporter = builder.build();
        this.resource = resource;
        this.meters = meters;
        sender = Thread.ofPlatform().daemon().name("span-export").start(this::send);
    }

    /** Takes it, or drops it, at once. */
    void offer(RequestTrace trace) {
        if (!queue.offer(trace)) {
            meters.spansDropped(trace.spans());
        }
    }

    private void send() {
        List<RequestTrace> batch = new ArrayList<>(BATCH);
        try {
            boolean last;
            do {
                last = closing.await(LINGER_MILLIS, TimeUnit.MILLISECONDS);
                while (queue.drainTo(batch, BATCH) > 0
                        && !Thread.currentThread().isInterrupted()) {
                    send(batch);
                    batch.clear();
                }
            } while (!last);
        } catch (InterruptedException e) {
            // The gateway stops, and nobody takes what is left.
            Thread.currentThread().interrupt();
        }
    }

    private void send(List<RequestTrace> batch) {
        List<SpanData> spans = new ArrayList<>(2 * batch.size());
        for (RequestTrace trace : batch) {
            spans.add(FinishedSpan.server(trace, resource));
            if (trace.isCalled()) {
                spans.add(FinishedSpan.client(trace, resource));
            }
        }
        // It tries again by itself within its patience.
        boolean taken = exporter.export(spans)
                .join(PATIENCE.toSeconds() + 1, TimeUnit.SECONDS)
                .isSuccess();
        if (!taken) {
            meters.spansDropped(spans.size());
        }
        if (taken == failing) {
            failing = !taken;
            if (taken) {
                LOG.info("The OTLP receiver takes spans again");
            } else {
                LOG.warn("The OTLP receiver does not take spans; they are dropped and counted until it does");
            }
        }
    }

    /**
     * Sends what waits, for a second at most. The exporter is left to the end of the process: to close it would wait for
     * a receiver that hangs.
     */
    @Override
    public void close() {
        closing.countDown();
        try {
            if (!sender.join(FLUSH)) {
                sender.interrupt();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
