package io.latchkey.proxy;

import io.latchkey.ratelimit.Permit;
import io.latchkey.upstreams.Turn;
import io.latchkey.wire.Connection;
import io.latchkey.wire.OpenLine;
import io.latchkey.wire.WireFailure;
import java.util.concurrent.locks.ReentrantLock;

/** What an upgraded request holds for as long as bytes may pass: the upstream's connection, the server's turn, the slots. */
final class OpenTunnel implements AutoCloseable {
    private final ReentrantLock closing = new ReentrantLock();
    private final Connection upstream;
    private final OpenLine line;
    private final Turn turn;
    private final Permit permit;

    /** Takes over what the exchange held, unless its time was over. */
    OpenTunnel(Connection upstream, Turn turn, Permit permit) throws WireFailure {
        this.line = upstream.openLine();
        this.upstream = upstream;
        this.turn = turn.handOver();
        this.permit = permit.handOver();
    }

    OpenLine line() {
        return line;
    }

    /** A second time changes nothing. */
    @Override
    public void close() {
        // Both directions may end at once.
        closing.lock();
        try {
            upstream.close();
        } finally {
            closing.unlock();
        }
        turn.close();
        permit.close();
    }
}
