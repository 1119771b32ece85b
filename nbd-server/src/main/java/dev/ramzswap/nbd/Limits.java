package dev.ramzswap.nbd;

import java.time.Duration;

/**
 * What the clients of one {@link NbdServer} may use. Beside the memory named here, each connection has 2 MiB of
 * buffers, and 0.6 MiB more once it has a slow lane.
 *
 * @param connections at once, handshakes included; one more is closed as soon as it is accepted, unless this process
 *     has made it, which may have {@link #spareConnections} more
 * @param handshake how long one may take before the connection is closed
 * @param connectionMemory bytes of payload that one connection may have waiting for slow storage; when it is used up,
 *     the connection is not read until some is free
 * @param totalMemory the same over all connections; each has 32 KiB of its own in any case, so that none waits for
 *     another
 * @param preparedMemory the same, if above 0, as memory that a connection has from its start instead, with the threads
 *     of its slow lane. 0 means that both are made at first use: right for a server, wrong for a swap device, which
 *     must not ask for memory when memory is short.
 */
public record Limits(
        int connections, Duration handshake, long connectionMemory, long totalMemory, long preparedMemory) {
    /**
     * 128 requests of 128 KiB, which is what the kernel's client has in flight at most, fit in a connection's memory.
     * Since Linux 7.0, its requests may be of 4 MiB: then the connection is not read until some have gone.
     */
    public static final Limits DEFAULT = new Limits(64, Duration.ofSeconds(10), 16 << 20, 64 << 20, 0);

    /**
     * Of a device that a kernel swaps on: what a connection may have waiting for slow storage it has from its start,
     * and it asks for no more when memory is short. READs behind that wait only when all of it is full, see
     * docs/decisions/fence.md.
     */
    public static final Limits SWAP = DEFAULT.withPreparedMemory(4 << 20);

    /** As many as swapon makes at most. */
    private static final int CONNECTIONS_OF_DEVICE = 16;

    public Limits {
        if (connections < 1 || !handshake.isPositive() || preparedMemory < 0 || totalMemory < 0) {
            throw new IllegalArgumentException("impossible limits");
        }
    }

    /**
     * Connections whose memory is kept for the next ones, if memory is prepared, and which this process may make when
     * others have all places: those of a device for each export, and one that is offered in their place.
     */
    int spareConnections(int exports) {
        return preparedMemory > 0 ? Math.min(connections, exports * CONNECTIONS_OF_DEVICE + 1) : 0;
    }

    public Limits withConnections(int count) {
        return new Limits(count, handshake, connectionMemory, totalMemory, preparedMemory);
    }

    public Limits withHandshake(Duration time) {
        return new Limits(connections, time, connectionMemory, totalMemory, preparedMemory);
    }

    /** Bytes for {@link #connectionMemory} and {@link #totalMemory}. */
    public Limits withMemory(long connection, long total) {
        return new Limits(connections, handshake, connection, total, preparedMemory);
    }

    /** Bytes for {@link #preparedMemory}. */
    public Limits withPreparedMemory(long bytes) {
        return new Limits(connections, handshake, connectionMemory, totalMemory, bytes);
    }
}
