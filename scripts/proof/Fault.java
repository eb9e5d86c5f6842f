import java.util.Locale;

/** One thing that is broken on purpose, where, and from when until all was whole again; instants as in {@link Secret}. */
final class Fault {
    final Kind kind;
    /** Of the node that feels it; 0 = all do. */
    private final int port;
    final double begin;
    volatile double end = Secret.NEVER;

    Fault(Kind kind, int port, double begin) {
        this.kind = kind;
        this.port = port;
        this.begin = begin;
    }

    /** An order to lib/command with the number of the node, or a path of the upstream. */
    enum Kind {
        REDIS_HANGS("pause-redis", "resume-redis", Where.REDIS),
        REDIS_RESTARTS("restart-redis", "", Where.REDIS),
        REDIS_FAILS_OVER("failover", "", Where.REDIS),
        REDIS_UNREACHABLE("wires 'cut node'", "wires join", Where.REDIS),
        PARTITION("wires 'cut node%d'", "wires join", Where.LINE),
        NODE_KILLED("kill-node %d", "start-node %d", Where.NODE),
        NODE_HANGS("pause-node %d", "resume-node %d", Where.NODE),
        LOG_FULL("fill-log %d", "free-log %d", Where.NOTHING),
        UPSTREAM_HANGS("/switch/hanging", "/switch/well", Where.UPSTREAM),
        UPSTREAM_RESETS("/switch/resetting", "/switch/well", Where.UPSTREAM),
        UPSTREAM_TRICKLES("/switch/trickling", "/switch/well", Where.UPSTREAM),
        UPSTREAM_FAILS("/switch/failing", "/switch/well", Where.UPSTREAM);

        final String begin;
        final String end;
        private final Where where;

        Kind(String begin, String end, Where where) {
            this.begin = begin;
            this.end = end;
            this.where = where;
        }

        boolean isUpstreams() {
            return where == Where.UPSTREAM;
        }

        boolean isOfOneNode() {
            return where == Where.LINE || where == Where.NODE || where == Where.NOTHING;
        }

        boolean hidesRedis() {
            return where == Where.REDIS || where == Where.LINE;
        }

        boolean stopsNode() {
            return where == Where.NODE;
        }

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT).replace('_', ' ');
        }
    }

    /** What is broken, and so what it excuses: refusals for want of Redis, by all or one; also silence; nothing; the upstream's. */
    private enum Where {
        REDIS,
        LINE,
        NODE,
        NOTHING,
        UPSTREAM
    }

    /** Whether that node may have been without Redis for it. */
    boolean isFeltAt(int node) {
        return kind.where != Where.UPSTREAM && kind.where != Where.NOTHING && (port == 0 || port == node);
    }

    boolean overlaps(double from, double to) {
        return to >= begin && from <= end;
    }
}
