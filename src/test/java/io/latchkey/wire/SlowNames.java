package io.latchkey.wire;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.net.spi.InetAddressResolver;
import java.net.spi.InetAddressResolverProvider;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;

/** The machine's resolver, but that it does not answer for names below {@code hangs.test} until it is released. */
public final class SlowNames extends InetAddressResolverProvider {
    private static final String HANGING = ".hangs.test";
    private static final AtomicInteger underWay = new AtomicInteger();
    private static volatile CountDownLatch gate = new CountDownLatch(1);

    /** Look-ups that hang. */
    static int underWay() {
        return underWay.get();
    }

    static void release() {
        CountDownLatch opened = gate;
        gate = new CountDownLatch(1);
        opened.countDown();
    }

    @Override
    public InetAddressResolver get(Configuration configuration) {
        InetAddressResolver machines = configuration.builtinResolver();
        return new InetAddressResolver() {
            @Override
            public Stream<InetAddress> lookupByName(String host, LookupPolicy policy) throws UnknownHostException {
                if (host.endsWith(HANGING)) {
                    hang();
                    return Stream.of(InetAddress.getLoopbackAddress());
                }
                return machines.lookupByName(host, policy);
            }

            @Override
            public String lookupByAddress(byte[] address) throws UnknownHostException {
                return machines.lookupByAddress(address);
            }
        };
    }

    private static void hang() {
        underWay.incrementAndGet();
        try {
            gate.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            underWay.decrementAndGet();
        }
    }

    @Override
    public String name() {
        return "slow-names";
    }
}
