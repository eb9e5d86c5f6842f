package io.latchkey.upstreams;

import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.locks.LockSupport;

/** Does one thing again and again, on a thread of its own, until it is closed. */
final class Rounds implements AutoCloseable {
    private final Runnable round;
    private final Duration interval;
    private final Thread thread;
    private volatile boolean closed;

    private Rounds(String name, Duration interval, Runnable round) {
        this.round = round;
        this.interval = interval;
        this.thread = Thread.ofVirtual().name(name).unstarted(this::run);
    }

    /** The first round comes within an interval: many servers, routes and nodes do not ask all at once. */
    static Rounds start(String name, Duration interval, Runnable round) {
        Rounds rounds = new Rounds(name, interval, round);
        rounds.thread.start();
        return rounds;
    }

    private void run() {
        pause(ThreadLocalRandom.current().nextDouble());
        while (!closed) {
            round.run();
            pause(ThreadLocalRandom.current().nextDouble(0.9, 1.1));
        }
    }

    private void pause(double intervals) {
        long until = System.nanoTime() + (long) (interval.toNanos() * intervals);
        for (long left = until - System.nanoTime(); left > 0 && !closed; left = until - System.nanoTime()) {
            LockSupport.parkNanos(left);
        }
    }

    @Override
    public void close() {
        closed = true;
        // Wakes it, or closes the socket that it waits for.
        thread.interrupt();
    }
}
