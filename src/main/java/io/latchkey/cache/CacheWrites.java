package io.latchkey.cache;

import io.latchkey.store.StoreUnavailable;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.stereotype.Component;

/** What is to be written to Redis, by one thread, in the order of arrival; what does not fit is dropped and counted. */
@Component
class CacheWrites implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(CacheWrites.class);
    private static final int MOST = 4096;

    private final BlockingQueue<Write> queue = new ArrayBlockingQueue<>(MOST);
    private final AtomicLong waiting = new AtomicLong();
    private final AtomicLong dropped = new AtomicLong();
    private final long mostBytes;
    private final Thread writer;

    CacheWrites(CacheProperties properties) {
        mostBytes = properties.buffers().toBytes();
        writer = Thread.ofPlatform().daemon().name("latchkey-cache-writes").start(this::run);
    }

    private record Write(int bytes, Runnable command) {}

    void add(int bytes, Runnable command) {
        long all = waiting.addAndGet(bytes);
        if (all > mostBytes || !queue.offer(new Write(bytes, command))) {
            waiting.addAndGet(-bytes);
            dropped.incrementAndGet();
        }
    }

    long dropped() {
        return dropped.get();
    }

    private void run() {
        try {
            while (!Thread.currentThread().isInterrupted()) {
                write(queue.take());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void write(Write next) {
        try {
            next.command().run();
        } catch (StoreUnavailable e) {
            dropped.incrementAndGet();
        } catch (RuntimeException e) {
            LOG.error("An answer could not be written to Redis", e);
        } finally {
            waiting.addAndGet(-next.bytes());
        }
    }

    @Override
    public void close() {
        writer.interrupt();
    }
}
