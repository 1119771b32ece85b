package dev.ramzswap.nbd;

import dev.ramzswap.nbd.io.IoMemory;
import dev.ramzswap.nbd.io.IoShare;
import dev.ramzswap.nbd.io.Threads;
import dev.ramzswap.nbd.lane.LaneMemory;
import dev.ramzswap.nbd.lane.MemoryBudget;
import dev.ramzswap.nbd.lane.SlowLane;
import dev.ramzswap.nbd.wire.ReplyWriter;
import java.util.Set;

/**
 * The memory of a server's connections. If the limits prepare memory, what the kernel's have left is kept for the next,
 * and it can be had before any of them is there, and before the server: a daemon that takes over gives the kernel its
 * connections while that has no memory but by the pages that it brings. Thread-safe.
 */
public final class ConnectionMemory implements AutoCloseable {
    /** Bytes that are received at once, and the most that are collected in replies. */
    static final int BUFFER_BYTES = 1 << 20;

    static final int REPLY_BYTES = BUFFER_BYTES + ReplyWriter.OVERHEAD;

    private static final int UNKNOWN = -1;

    private final Limits limits;
    private final int most;
    private final IoMemory io;
    private final MemoryBudget budget;
    private int prepared;

    /** @param exports of the server, each of which may be a device of the kernel's */
    public ConnectionMemory(Limits limits, int exports) {
        this.limits = limits;
        most = limits.spareConnections(exports);
        io = new IoMemory(buffers(limits.preparedMemory()), most);
        budget = new MemoryBudget(limits.totalMemory());
    }

    /** The size of each that a connection has, with its slow lane. */
    static Set<Integer> buffers(long prepared) {
        return Set.of(BUFFER_BYTES, REPLY_BYTES, SlowLane.bytes(prepared));
    }

    /**
     * Has spare what so many connections need, buffers and stacks, and no buffer more; at most what {@link Limits} let
     * it keep. Does nothing if the limits prepare no memory, or if it was the same number before; when this thread is
     * interrupted, it returns early. Not to be called once there are connections.
     *
     * @throws OutOfMemoryError if there is no memory; another call tries it again
     */
    public synchronized void prepare(int connections) {
        int count = Math.min(connections, most);
        if (most == 0 || count == prepared) {
            return;
        }
        int before = prepared;
        prepared = UNKNOWN; // until all of it is there
        io.setReserved(count);
        if (count > before) {
            Threads.reserveStacks(count * (1 + SlowLane.THREADS));
        }
        prepared = count;
    }

    /** Buffers that were asked of the machine so far. */
    public long made() {
        return io.made();
    }

    /** Bytes of buffers that no connection has. */
    public long spareBytes() {
        return io.spareBytes();
    }

    /** See {@link Limits#spareConnections}. */
    int spareConnections() {
        return most;
    }

    Limits limits() {
        return limits;
    }

    IoMemory io() {
        return io;
    }

    LaneMemory lane(IoShare share) {
        return new LaneMemory(share, budget, limits.connectionMemory(), limits.preparedMemory());
    }

    /** Gives back what is spare. Closing it again does nothing. */
    @Override
    public void close() {
        io.close();
    }
}
