package io.latchkey.observability;

import io.latchkey.keys.CidrBlock;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.http.HttpURI;
import org.eclipse.jetty.server.ConnectionMetaData;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.Request;

/** Decides who the client is: the peer, or, when the peer is one of our proxies, whom that proxy names. */
final class TrustedProxies implements HttpConfiguration.Customizer {
    private final List<CidrBlock> blocks;

    TrustedProxies(List<CidrBlock> blocks) {
        this.blocks = List.copyOf(blocks);
    }

    @Override
    public Request customize(Request request, HttpFields.Mutable responseHeaders) {
        if (!(request.getConnectionMetaData().getRemoteSocketAddress() instanceof InetSocketAddress peer)
                || !trusts(peer.getAddress())) {
            return request;
        }
        HttpFields headers = request.getHeaders();
        InetAddress client = client(peer.getAddress(), Fields.values(headers, "X-Forwarded-For"));
        SocketAddress remote = new InetSocketAddress(client, client.equals(peer.getAddress()) ? peer.getPort() : 0);
        return new Forwarded(request, remote, scheme(Fields.values(headers, "X-Forwarded-Proto")));
    }

    /** Right to left, since each proxy appends whom it saw; what stands left of a stranger is the stranger's claim. */
    private InetAddress client(InetAddress peer, List<String> fields) {
        List<String> hops = new ArrayList<>();
        for (String field : fields) {
            hops.addAll(List.of(field.split(",", -1)));
        }
        InetAddress client = peer;
        for (String hop : hops.reversed()) {
            Optional<InetAddress> address = CidrBlock.address(hop.strip());
            if (address.isEmpty()) {
                return client;
            }
            client = address.get();
            if (!trusts(client)) {
                return client;
            }
        }
        return client;
    }

    private static Optional<String> scheme(List<String> fields) {
        return fields.size() == 1 && ("http".equals(fields.getFirst()) || "https".equals(fields.getFirst()))
                ? Optional.of(fields.getFirst())
                : Optional.empty();
    }

    private boolean trusts(InetAddress address) {
        for (CidrBlock block : blocks) {
            if (block.contains(address)) {
                return true;
            }
        }
        return false;
    }

    private static final class Forwarded extends Request.Wrapper {
        private final ConnectionMetaData connection;
        private final HttpURI uri;
        private final boolean secure;

        Forwarded(Request request, SocketAddress remote, Optional<String> scheme) {
            super(request);
            this.connection = new ConnectionMetaData.Wrapper(request.getConnectionMetaData()) {
                @Override
                public SocketAddress getRemoteSocketAddress() {
                    return remote;
                }
            };
            this.uri = scheme.<HttpURI>map(
                            s -> HttpURI.build(request.getHttpURI()).scheme(s).asImmutable())
                    .orElse(request.getHttpURI());
            this.secure = scheme.map("https"::equals).orElse(request.isSecure());
        }

        @Override
        public ConnectionMetaData getConnectionMetaData() {
            return connection;
        }

        @Override
        public HttpURI getHttpURI() {
            return uri;
        }

        @Override
        public boolean isSecure() {
            return secure;
        }
    }
}
