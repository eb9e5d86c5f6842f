package io.latchkey.wire;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.InetAddress;
import java.net.SocketTimeoutException;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Looks names up, each at most once at a time: a resolver that hangs holds one thread for a name, however many wait.
 *
 * <p>Not on the threads of those who wait: a look-up cannot be interrupted, and a virtual thread would take its
 * processor along. One for the process, as its cache of names is.
 */
final class Names {
    private static final Map<String, FutureTask<InetAddress[]>> UNDER_WAY = new ConcurrentHashMap<>();
    private static final ExecutorService THREADS = Executors.newCachedThreadPool(
            Thread.ofPlatform().daemon().name("names-", 0).factory());

    private Names() {}

    /** All addresses of the host; a {@link SocketTimeoutException} when they are not known in time. */
    static InetAddress[] addresses(String host, long by) throws IOException {
        if (isAddress(host)) {
            return InetAddress.getAllByName(host);
        }
        try {
            return lookUp(host).get(by - System.nanoTime(), TimeUnit.NANOSECONDS);
        } catch (TimeoutException e) {
            throw new SocketTimeoutException("the name was not looked up in time");
        } catch (ExecutionException | CancellationException e) {
            throw new IOException("the name was not found", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException();
        }
    }

    private static FutureTask<InetAddress[]> lookUp(String host) {
        FutureTask<InetAddress[]> mine = new FutureTask<>(() -> InetAddress.getAllByName(host)) {
            @Override
            protected void done() {
                UNDER_WAY.remove(host, this);
            }
        };
        FutureTask<InetAddress[]> others = UNDER_WAY.putIfAbsent(host, mine);
        if (others != null) {
            return others;
        }
        try {
            THREADS.execute(mine);
        } catch (OutOfMemoryError e) {
            // No thread is to be had; the next one tries again.
            mine.cancel(false);
        }
        return mine;
    }

    private static boolean isAddress(String host) {
        for (int i = 0; i < host.length(); i++) {
            char c = host.charAt(i);
            if (c == ':') {
                return true;
            }
            if (c != '.' && (c < '0' || c > '9')) {
                return false;
            }
        }
        return true;
    }
}
