package io.latchkey.keys;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.concurrent.ThreadLocalRandom;
import org.springframework.stereotype.Component;

/** What this node is called among the live ones, wherever it speaks of itself. */
@Component
public final class NodeName {
    private final String name;

    NodeName(KeysProperties properties) {
        name = properties.nodeId().isEmpty() ? made() : properties.nodeId();
    }

    @Override
    public String toString() {
        return name;
    }

    private static String made() {
        String random = Integer.toHexString(ThreadLocalRandom.current().nextInt());
        try {
            return InetAddress.getLocalHost().getHostName() + "-" + random;
        } catch (UnknownHostException e) {
            return "node-" + random;
        }
    }
}
