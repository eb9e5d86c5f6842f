import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The network between the nodes and one Redis. Whatever Redis says takes a moment, and now and then a long one, but on the
 * connections on which somebody follows a stream: so that what was asked before a change is answered after its
 * announcement. Those connections can be silenced, and all of a client be cut as if every packet were lost: what was said
 * meanwhile arrives when they are joined again.
 */
final class Wire {
    private static final int BUFFER = 65_536;
    private static final long MOMENT_NANOS = 3_000_000;
    /** One answer in so many takes long. */
    private static final int SELDOM = 8;
    private static final String NOBODY = "-";
    private static final Pattern CLIENT = Pattern.compile("\\bnode\\d+\\b");

    private final int target;
    private final long longNanos;
    private volatile boolean streamsSilent;
    /** Clients whose names begin so. */
    private volatile String cut = NOBODY;

    private Wire(int target, int longMillis) {
        this.target = target;
        this.longNanos = longMillis * 1_000_000L;
    }

    static Wire open(int port, int target, int longMillis) throws IOException {
        Wire wire = new Wire(target, longMillis);
        ServerSocket door = new ServerSocket(port, 200, InetAddress.getLoopbackAddress());
        Thread.ofPlatform().daemon().name("wire-" + port).start(() -> wire.accept(door));
        return wire;
    }

    void order(String order) {
        streamsSilent = order.equals("silence");
        cut = order.startsWith("cut ") ? order.substring(4) : NOBODY;
    }

    private void hold(Strand strand) {
        while (strand.client.startsWith(cut) || strand.stream && streamsSilent) {
            LockSupport.parkNanos(10_000_000);
        }
    }

    private void accept(ServerSocket door) {
        while (true) {
            try {
                Socket near = door.accept();
                Thread.ofVirtual().start(() -> connect(near));
            } catch (IOException e) {
                throw new IllegalStateException(e);
            }
        }
    }

    private void connect(Socket near) {
        Strand strand = new Strand();
        try (near;
                Socket far = new Socket()) {
            far.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), target), 1000);
            near.setTcpNoDelay(true);
            far.setTcpNoDelay(true);
            Thread asking = Thread.ofVirtual().start(() -> ask(near, far, strand));
            answer(far, near, strand);
            near.close();
            far.close();
            asking.join();
        } catch (IOException | InterruptedException e) {
            // Whoever is left of the two sees its connection end.
        }
    }

    private static final class Strand {
        private volatile boolean stream;
        private volatile boolean replica;
        private volatile String client = "";
    }

    private void ask(Socket near, Socket far, Strand strand) {
        byte[] buffer = new byte[BUFFER];
        try (near;
                far) {
            InputStream in = near.getInputStream();
            OutputStream out = far.getOutputStream();
            for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
                String said = new String(buffer, 0, Math.min(read, 200), StandardCharsets.ISO_8859_1);
                strand.stream |= said.contains("XREAD");
                strand.replica |= said.contains("REPLCONF") || said.contains("PSYNC") || said.contains("WAIT");
                if (strand.client.isEmpty()) {
                    Matcher client = CLIENT.matcher(said);
                    strand.client = client.find() ? client.group() : "";
                }
                hold(strand);
                out.write(buffer, 0, read);
            }
        } catch (IOException e) {
            // The other direction ends as well.
        }
    }

    private void answer(Socket far, Socket near, Strand strand) throws IOException {
        byte[] buffer = new byte[BUFFER];
        InputStream in = far.getInputStream();
        OutputStream out = near.getOutputStream();
        for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
            if (!strand.replica) {
                ThreadLocalRandom random = ThreadLocalRandom.current();
                boolean slow = !strand.stream && random.nextInt(SELDOM) == 0;
                LockSupport.parkNanos(slow ? longNanos : random.nextLong(MOMENT_NANOS));
            }
            hold(strand);
            out.write(buffer, 0, read);
        }
    }
}
