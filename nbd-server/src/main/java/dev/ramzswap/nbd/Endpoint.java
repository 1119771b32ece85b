package dev.ramzswap.nbd;

import dev.ramzswap.nbd.tls.Tls;
import java.net.SocketAddress;

/**
 * Where a server listens, and how its clients may speak there.
 *
 * @param address {@link java.net.UnixDomainSocketAddress} or {@link java.net.InetSocketAddress}
 * @param tls null if there is none
 */
public record Endpoint(SocketAddress address, Tls tls) {
    /** One without TLS. */
    public static Endpoint plain(SocketAddress address) {
        return new Endpoint(address, null);
    }
}
