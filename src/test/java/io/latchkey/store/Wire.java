package io.latchkey.store;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/** A wire to a server that can be cut without anybody being told: open connections go silent, new ones work. */
public final class Wire implements AutoCloseable {
    private final int target;
    private final ServerSocket listener;
    private final List<Strand> strands = new CopyOnWriteArrayList<>();
    private volatile boolean cut;

    public Wire(int target) throws IOException {
        this.target = target;
        listener = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        Thread.ofVirtual().start(this::accept);
    }

    public int port() {
        return listener.getLocalPort();
    }

    void silenceOpenConnections() {
        strands.forEach(strand -> strand.silent = true);
    }

    /** Resets the open connections and every new one, until it is mended. */
    public void cut() throws IOException {
        cut = true;
        drop();
    }

    public void mend() {
        cut = false;
    }

    @Override
    public void close() throws IOException {
        listener.close();
        drop();
    }

    private void drop() throws IOException {
        for (Strand strand : strands) {
            strand.near.close();
            strand.far.close();
        }
        strands.clear();
    }

    private void accept() {
        try {
            while (!listener.isClosed()) {
                Socket near = listener.accept();
                Socket far = cut ? null : reach();
                if (far == null) {
                    near.close();
                    continue;
                }
                Strand strand = new Strand(near, far);
                strands.add(strand);
                Thread.ofVirtual().start(() -> strand.pump(near, far));
                Thread.ofVirtual().start(() -> strand.pump(far, near));
            }
        } catch (IOException e) {
            if (!listener.isClosed()) {
                throw new UncheckedIOException(e);
            }
        }
    }

    /** Null when nobody listens there. */
    private @Nullable Socket reach() {
        try {
            return new Socket(InetAddress.getLoopbackAddress(), target);
        } catch (IOException e) {
            return null;
        }
    }

    private static final class Strand {
        private final Socket near;
        private final Socket far;
        private volatile boolean silent;

        Strand(Socket near, Socket far) {
            this.near = near;
            this.far = far;
        }

        void pump(Socket from, Socket to) {
            byte[] buffer = new byte[8192];
            try (InputStream in = from.getInputStream();
                    OutputStream out = to.getOutputStream()) {
                for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
                    if (!silent) {
                        out.write(buffer, 0, read);
                    }
                }
            } catch (IOException e) {
                silent = true;
            }
        }
    }
}
